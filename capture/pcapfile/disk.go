package pcapfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// maxOpen is how many regular files a Source holds open at once, so that an
// analysis does not depend on how many descriptors a process may have.
const maxOpen = 256

var errReplaced = errors.New("another file has taken its place")

// descriptors are the regular files open now. One more than the limit closes
// the one that was opened first, which opens itself again where it stood when
// it is read: captures that overlap in any number can be merged.
type descriptors struct {
	limit int
	open  []*disk // in the order of opening
}

// disk is a regular file that may be closed between reads.
type disk struct {
	path string
	set  *descriptors
	id   fs.FileInfo // which file it is
	f    *os.File    // nil: closed
	at   int64
}

func (d *disk) Read(b []byte) (int, error) {
	if d.f == nil {
		if err := d.reopen(); err != nil {
			return 0, err
		}
	}
	n, err := d.f.Read(b)
	d.at += int64(n)
	return n, bare(err)
}

func (d *disk) reopen() error {
	f, err := os.Open(d.path)
	if err != nil {
		return bare(err)
	}
	id, err := f.Stat()
	if err == nil && !os.SameFile(id, d.id) {
		err = errReplaced
	}
	if err == nil {
		_, err = f.Seek(d.at, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return bare(err)
	}
	d.set.add(d, f)
	return nil
}

// Close lets go of the descriptor; a later Read would open it again.
func (d *disk) Close() error {
	if d.f == nil {
		return nil
	}
	err := d.f.Close()
	d.f = nil
	for i, other := range d.set.open {
		if other == d {
			d.set.open = append(d.set.open[:i], d.set.open[i+1:]...)
			break
		}
	}
	return err
}

func (s *descriptors) add(d *disk, f *os.File) {
	if len(s.open) >= s.limit {
		s.open[0].Close() // read only: nothing is lost when it fails
	}
	d.f = f
	s.open = append(s.open, d)
}

// bare takes the name off an error that will get it from Error.
func bare(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
