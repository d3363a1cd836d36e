package pcapfile

import (
	"io"
	"math"
	"sync/atomic"

	"mailsensor/capture"
)

// Stats counts one file.
type Stats struct {
	Name      string
	Packets   uint64
	Bytes     int64  // read from the file, compressed where it is
	Size      int64  // of the file; 0: unknown
	Backwards uint64 // packets earlier than the one before them
	Truncated bool   // the file ended in the middle of something
	Secrets   int    // decryption secrets kept
	Dropped   int    // decryption secrets over the bound
}

// format is what a file turned out to be.
type format uint8

const (
	formatUnknown format = iota // its first bytes are still to be read
	formatPcap
	formatNg
	formatEnd // nothing more will come; File.err says why
)

// File is one capture. It is a capture.Source.
type File struct {
	win     window
	format  format
	pcap    pcapState
	ng      ngState
	err     error // final
	last    int64 // time of the last packet
	stats   Stats
	secrets []Secret

	secretBytes int

	raw       *counter
	read      atomic.Int64
	total     *atomic.Int64 // of all files of a Source; nil: none
	inside    bool          // raw holds compressed data
	closing   func()        // of the decompressor
	closeFile func() error
}

var _ capture.Source = (*File)(nil)

// FromReader returns the capture that r holds. name is what errors call it.
// Nothing is read before the first call of Next.
func FromReader(name string, r io.Reader) *File {
	return newFile(name, r, newPool(blockSize))
}

func newFile(name string, r io.Reader, p *pool) *File {
	f := &File{stats: Stats{Name: name}, last: math.MinInt64}
	f.raw = &counter{r: r, add: f.count}
	f.win.pool = p
	return f
}

func (f *File) count(n int64) {
	f.read.Add(n)
	if f.total != nil {
		f.total.Add(n)
	}
}

// Next returns the next frame. The error is io.EOF at the end, also where the
// file is cut short, which Stats tells; else it is an *Error. What stands
// before the damage has been returned by then.
func (f *File) Next() (frame []byte, info capture.Info, err error) {
	switch f.format {
	case formatPcap:
		frame, info, err = f.nextRecord()
	case formatNg:
		frame, info, err = f.nextPacket()
	case formatUnknown:
		if err := f.start(); err != nil {
			return nil, capture.Info{}, err
		}
		return f.Next()
	default:
		return nil, capture.Info{}, f.err
	}
	if err == nil {
		f.stats.Packets++
		if info.Time < f.last {
			f.stats.Backwards++
		}
		f.last = info.Time
	}
	return frame, info, err
}

// start reads what says which kind of file this is.
func (f *File) start() error {
	r, compressed, closing, err := decompress(f.raw)
	f.win.r, f.inside, f.closing = r, compressed, closing
	if err != nil {
		f.win.err = err
	}
	w := &f.win
	if w.need(4) {
		switch magic := w.data[w.pos : w.pos+4]; {
		case isSectionHeader(magic):
			f.format = formatNg
			return nil
		case f.pcap.recognise(magic):
			return f.startPcap()
		default:
			return f.fail(notCapture(f.stats.Name, magic))
		}
	}
	switch {
	case !cutShort(w.err):
		return f.unreadable()
	case w.end > w.pos:
		return f.fail(notCapture(f.stats.Name, w.rest()))
	case w.err == io.ErrUnexpectedEOF:
		return f.ended(0) // compressed and cut before the first byte came out
	case compressed:
		return f.fail(&Error{Name: f.stats.Name, Kind: ErrEmpty, What: "empty inside the compression"})
	default:
		return f.fail(&Error{Name: f.stats.Name, Kind: ErrEmpty, What: "empty file"})
	}
}

// fail makes err the answer of this and all further calls of Next.
func (f *File) fail(err error) error {
	f.format, f.err = formatEnd, err
	return err
}

func (f *File) damaged(offset int64, what string) error {
	return f.fail(&Error{Name: f.stats.Name, Offset: offset, Kind: ErrDamaged, What: what})
}

// unreadable is the end of a file that could not be read, or decompressed,
// any further.
func (f *File) unreadable() error {
	e := &Error{Name: f.stats.Name, Offset: f.win.base + int64(f.win.end)}
	if f.raw.err != nil || !f.inside {
		e.Kind, e.What = f.win.err, f.win.err.Error()
	} else {
		e.Kind, e.What = ErrDamaged, "compressed data: "+f.win.err.Error()
	}
	return f.fail(e)
}

// ended is the end of a file of which the last left bytes are no record.
func (f *File) ended(left int) error {
	if !cutShort(f.win.err) {
		return f.unreadable()
	}
	if left > 0 || f.win.err == io.ErrUnexpectedEOF {
		f.stats.Truncated = true
	}
	return f.fail(io.EOF)
}

// partial returns the frame of a last record that is cut short, of which the
// first header bytes are not the frame's.
func (f *File) partial(header int, info capture.Info) ([]byte, capture.Info, error) {
	w := &f.win
	rest := w.rest()
	if err := f.ended(len(rest)); err != io.EOF || len(rest) <= header {
		return nil, capture.Info{}, err
	}
	w.pos = w.end
	info.Block = w.block
	return rest[header:], info, nil
}

// Close gives the blocks back and closes what was opened. Stats and Secrets
// can still be read.
func (f *File) Close() error {
	if f.format != formatEnd {
		f.format, f.err = formatEnd, io.EOF
	}
	f.win.release()
	f.win.r = nil // a decompressor is big
	if f.closing != nil {
		f.closing()
		f.closing = nil
	}
	if f.closeFile == nil {
		return nil
	}
	closeFile := f.closeFile
	f.closeFile = nil
	return closeFile()
}

// Stats returns the counts so far.
func (f *File) Stats() Stats {
	s := f.stats
	s.Bytes = f.read.Load()
	s.Secrets = len(f.secrets)
	return s
}

// Secrets returns the decryption secrets found so far.
func (f *File) Secrets() []Secret { return f.secrets }

// BytesRead is how far into the file the reading has come. It may be called
// from any goroutine.
func (f *File) BytesRead() int64 { return f.read.Load() }
