package sink

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// spool keeps records in a folder, first in, first out, over restarts. It is a row
// of segments, files of lines
//
//	KIND CRC LINE
//
// with the CRC-32C, in hexadecimal, of kind and line. A line that does not fit its
// CRC is skipped and counted, and the next one is good again. The file "position"
// says up to where the first segment was delivered; where it is older than the
// truth, as after a crash, some records come again.
//
// It belongs to one goroutine. It is synced to the disk when sync is called; what
// the system had not written by itself before a power failure is lost.
type spool struct {
	dir     string
	limit   int64
	segment int64 // octets after which a new one begins
	lock    *os.File
	pos     *os.File

	segs  []segment // oldest first
	last  uint64    // number of the last of them, or of the last there was
	w     *os.File  // open for the last of segs; nil: a new one begins
	dirty bool

	// The first segment as far as it was loaded.
	off  int64    // delivered
	head []record // from off on
	ends []int64  // where each of them ends
	read int64    // up to where head goes

	bytes   int64  // of all segments
	records uint64 // not delivered, those that are damaged too
	damaged uint64 // skipped
}

type segment struct {
	number uint64
	size   int64
	lines  uint64 // not delivered
}

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// lineHead precedes a line in a segment: kind, space, CRC, space.
const lineHead = 11

// openSpool takes up what is there.
func openSpool(dir string, limit int64) (s *spool, err error) {
	s = &spool{dir: dir, limit: limit, segment: min(max(limit/64, 64<<10), 4<<20)}
	defer func() {
		if err != nil {
			s.close()
			err = fmt.Errorf("spool: %w", err)
		}
	}()
	if s.lock, err = os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return s, err
	}
	if err = unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return s, fmt.Errorf("%s is in use by another sensor: %w", dir, err)
	}
	if s.pos, err = os.OpenFile(filepath.Join(dir, "position"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return s, err
	}
	return s, s.resume()
}

// resume looks at what an earlier process left.
func (s *spool) resume() error {
	names, err := filepath.Glob(filepath.Join(s.dir, "*.spool"))
	if err != nil {
		return err
	}
	slices.Sort(names) // the numbers have a fixed width
	var number uint64
	var off int64
	text := make([]byte, 64)
	n, _ := s.pos.ReadAt(text, 0)
	fmt.Sscanf(string(text[:n]), "%x %d\n", &number, &off) // what is no position is as good as none
	for _, name := range names {
		var seg segment
		if _, err := fmt.Sscanf(filepath.Base(name), "%016x.spool", &seg.number); err != nil {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		seg.size = int64(len(b))
		if len(s.segs) == 0 && seg.number == number && off >= 0 && off <= seg.size {
			s.off, s.read = off, off
			b = b[off:]
		}
		seg.lines = uint64(bytes.Count(b, []byte{'\n'}))
		if len(b) > 0 && b[len(b)-1] != '\n' { // torn
			seg.lines++
		}
		s.segs = append(s.segs, seg)
		s.last = seg.number
		s.bytes += seg.size
		s.records += seg.lines
	}
	return nil
}

func (s *spool) name(number uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%016x.spool", number))
}

// empty reports whether all was delivered.
func (s *spool) empty() bool { return len(s.segs) == 0 }

// sync writes what was added to the disk.
func (s *spool) sync() error {
	if !s.dirty || s.w == nil {
		return nil
	}
	s.dirty = false
	return s.w.Sync()
}

func (s *spool) close() error {
	err := s.sync()
	for _, f := range []*os.File{s.w, s.pos, s.lock} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}
