package pcapfile

import (
	"io/fs"
	"os"

	"mailsensor/capture"
)

// peekBlock is the block for reading no further than a file's first packet.
const peekBlock = 4 << 10

// input is one file of a Source.
type input struct {
	path     string
	order    int         // among the inputs; decides between equal times
	inFolder bool        // found in a folder, not named
	id       fs.FileInfo // nil: standard input

	file *File // nil: not opened yet
	done bool  // nothing more will be read of it

	// The packet it is waiting with, or only its time where file is nil.
	time  int64
	frame []byte
	info  capture.Info
}

// stdinName is what errors and counts call standard input.
const stdinName = "standard input"

func (in *input) regular() bool { return in.id != nil && in.id.Mode().IsRegular() }

// before orders inputs by the packet each waits with.
func (in *input) before(other *input) bool {
	if in.time != other.time {
		return in.time < other.time
	}
	return in.order < other.order
}

// limit is the latest time of a packet of in that comes before what other
// waits with. No file states a time near the least int64.
func (in *input) limit(other *input) int64 {
	if in.order < other.order {
		return other.time
	}
	return other.time - 1
}

// open makes in.file, with blocks of p.
func (in *input) open(s *Source, p *pool) error {
	switch {
	case in.id == nil:
		in.file = newFile(in.path, s.stdin, p)
	case in.regular():
		d := &disk{path: in.path, set: &s.descriptors, id: in.id}
		in.file = newFile(in.path, d, p)
		in.file.closeFile = d.Close
		in.file.stats.Size = in.id.Size()
	default:
		f, err := os.Open(in.path)
		if err != nil {
			return unopened(in.path, err)
		}
		in.file = newFile(in.path, f, p)
		in.file.closeFile = f.Close
	}
	in.file.total = &s.read
	return nil
}

func unopened(path string, err error) error {
	err = bare(err)
	return &Error{Name: path, Offset: -1, What: err.Error(), Kind: err}
}

// peek finds out when a regular file begins, without keeping it open. A file
// that has no packet is done with.
func (in *input) peek(s *Source) error {
	before := s.read.Load()
	if err := in.open(s, newPool(peekBlock)); err != nil {
		return err
	}
	if err := in.advance(); err != nil {
		return err
	}
	in.file.Close()
	in.file, in.frame, in.info = nil, nil, capture.Info{}
	s.read.Store(before) // it will be read again
	return nil
}

// advance reads the packet to wait with.
func (in *input) advance() (err error) {
	in.frame, in.info, err = in.file.Next()
	in.time = in.info.Time
	return err
}

func (in *input) stats() Stats {
	if in.file != nil {
		return in.file.Stats()
	}
	s := Stats{Name: in.path}
	if in.regular() {
		s.Size = in.id.Size()
	}
	return s
}
