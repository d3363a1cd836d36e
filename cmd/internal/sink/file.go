package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// file is JSON lines in a file of mode 0600, which is renamed to PATH.1 when it is
// large or old enough; PATH.1 becomes PATH.2, and so on.
type file struct {
	config FileConfig
	f      *os.File
	size   int64
	since  time.Time // when it was begun; of one that was there, when it was last written
	buf    []byte
	now    func() time.Time
	*counters
}

func newFile(c FileConfig, n *counters) (*file, error) {
	if st, err := os.Stat(filepath.Dir(c.Path)); err != nil {
		return nil, err
	} else if !st.IsDir() {
		return nil, fmt.Errorf("%s is no folder", filepath.Dir(c.Path))
	}
	return &file{config: c, now: time.Now, counters: n}, nil
}

func (o *file) reopen() error {
	f, err := os.OpenFile(o.config.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	if err := o.close(); err != nil {
		f.Close()
		return err
	}
	o.f, o.size, o.since = f, st.Size(), o.now()
	if o.size > 0 {
		o.since = st.ModTime()
	}
	return nil
}

// deliver writes whole lines: of one that was written in part the file is freed.
func (o *file) deliver(_ context.Context, list []record) ([]record, error) {
	if err := o.rotate(); err != nil {
		return list, err
	}
	o.buf = o.buf[:0]
	for _, r := range list {
		o.buf = append(append(o.buf, r.line...), '\n')
	}
	if _, err := o.f.Write(o.buf); err != nil {
		return list, errors.Join(err, o.f.Truncate(o.size))
	}
	o.bytes.Add(uint64(len(o.buf)))
	if o.config.Fsync == "batch" {
		if err := o.f.Sync(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// rotate begins a new file where it is time to.
func (o *file) rotate() error {
	if o.f == nil {
		return o.reopen()
	}
	st, err := o.f.Stat() // somebody else may have cut it
	if err != nil {
		return err
	}
	o.size = st.Size()
	if o.size == 0 || o.size < int64(o.config.RotateMiB)<<20 && o.now().Sub(o.since) < o.config.RotateAge {
		return nil
	}
	name := func(n int) string { return o.config.Path + "." + strconv.Itoa(n) }
	for n := o.config.Keep - 1; n > 0; n-- { // the oldest is written over
		if err := os.Rename(name(n), name(n+1)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("rotate: %w", err)
		}
	}
	if err := os.Rename(o.config.Path, name(1)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("rotate: %w", err)
	}
	return o.reopen()
}

// close syncs the file to the disk.
func (o *file) close() error {
	if o.f == nil {
		return nil
	}
	err := errors.Join(o.f.Sync(), o.f.Close())
	o.f = nil
	return err
}

// stream is JSON lines on standard output.
type stream struct {
	w   io.Writer
	buf []byte
	*counters
}

func (o *stream) reopen() error { return nil }
func (o *stream) close() error  { return nil }

func (o *stream) deliver(_ context.Context, list []record) ([]record, error) {
	first := 0 // of those in buf
	for i, r := range list {
		o.buf = append(o.buf, r.line...)
		o.buf = append(o.buf, '\n')
		if i+1 < len(list) && len(o.buf) < 64<<10 {
			continue
		}
		b := o.buf
		o.buf = o.buf[:0]
		n, err := o.w.Write(b)
		o.bytes.Add(uint64(n))
		if err != nil {
			return list[first:], err
		}
		first = i + 1
	}
	return nil, nil
}
