package sink

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

// append adds records and returns how many had room, or could be written.
func (s *spool) append(list []record) (n int, err error) {
	var buf []byte
	for n < len(list) {
		first := n
		buf = buf[:0]
		for n < len(list) && int64(len(buf)) < s.segment {
			size := int64(lineHead + len(list[n].line) + 1)
			if s.bytes+int64(len(buf))+size > s.limit {
				break
			}
			buf = appendLine(buf, list[n])
			n++
		}
		if n == first {
			return n, nil
		}
		if err := s.write(buf, n-first); err != nil {
			return first, fmt.Errorf("spool: %w", err)
		}
	}
	return n, nil
}

func appendLine(buf []byte, r record) []byte {
	crc := crc32.Update(crc32.Update(0, crcTable, []byte{r.kind}), crcTable, r.line)
	buf = fmt.Appendf(buf, "%c %08x ", r.kind, crc)
	return append(append(buf, r.line...), '\n')
}

// write adds lines to the last segment, whole or not at all.
func (s *spool) write(lines []byte, n int) error {
	if s.w == nil || s.segs[len(s.segs)-1].size >= s.segment {
		if err := s.begin(); err != nil {
			return err
		}
	}
	seg := &s.segs[len(s.segs)-1]
	if _, err := s.w.WriteAt(lines, seg.size); err != nil {
		s.w.Truncate(seg.size) // if that fails too, the CRC tells
		return err
	}
	seg.size += int64(len(lines))
	seg.lines += uint64(n)
	s.bytes += int64(len(lines))
	s.records += uint64(n)
	s.dirty = true
	return nil
}

func (s *spool) begin() error {
	number := s.last + 1
	f, err := os.OpenFile(s.name(number), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	s.closeWriter()
	s.w, s.last = f, number
	s.segs = append(s.segs, segment{number: number})
	if len(s.segs) == 1 { // a position of the same number may be left from an earlier time
		return s.mark()
	}
	return nil
}

func (s *spool) closeWriter() {
	if s.w != nil {
		s.sync()
		s.w.Close()
		s.w = nil
	}
}

// fits reports whether all of the records have room.
func (s *spool) fits(list []record) bool {
	need := int64(0)
	for _, r := range list {
		need += int64(lineHead + len(r.line) + 1)
	}
	return s.bytes+need <= s.limit
}

// empty reports whether all was delivered.
func (s *spool) empty() bool { return len(s.segs) == 0 }

// next returns the first records, up to so many octets but at least one, and none
// where there is none. They stay until ack.
func (s *spool) next(octets, lines int) []record {
	for len(s.head) == 0 && len(s.segs) > 0 {
		seg := &s.segs[0]
		if s.read < seg.size {
			if err := s.load(seg); err == nil {
				continue
			}
			s.damaged += seg.lines // a segment that cannot be read is skipped
		}
		s.drop()
	}
	n, size := 0, 0
	for n < len(s.head) && n < lines && (n == 0 || size+s.head[n].size() <= octets) {
		size += s.head[n].size()
		n++
	}
	return s.head[:n]
}

// load reads the first segment from where it was read to.
func (s *spool) load(seg *segment) error {
	f, err := os.Open(s.name(seg.number))
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, seg.size-s.read)
	if n, err := f.ReadAt(b, s.read); err != nil {
		b = b[:n] // it is shorter than it was: the rest is gone
	}
	at := s.read
	s.read = seg.size
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		at += int64(len(b) - len(rest))
		b = rest
		r, ok := parseLine(line)
		if !ok || !whole {
			s.damaged++
			seg.lines -= min(seg.lines, 1)
			s.records -= min(s.records, 1)
			continue
		}
		s.head, s.ends = append(s.head, r), append(s.ends, at)
	}
	return nil
}

func parseLine(line []byte) (record, bool) {
	if len(line) < lineHead || line[1] != ' ' || line[10] != ' ' || line[0] != kindEvent && line[0] != kindAlert {
		return record{}, false
	}
	r := record{line[0], line[lineHead:]}
	crc := crc32.Update(crc32.Update(0, crcTable, line[:1]), crcTable, r.line)
	return r, strings.EqualFold(fmt.Sprintf("%08x", crc), string(line[2:10]))
}

// drop removes the first segment, of which nothing is left.
func (s *spool) drop() {
	seg := s.segs[0]
	if len(s.segs) == 1 {
		s.closeWriter()
	}
	os.Remove(s.name(seg.number))
	s.records -= min(s.records, seg.lines)
	s.bytes -= seg.size
	s.segs = s.segs[1:]
	s.off, s.read, s.head, s.ends = 0, 0, nil, nil
}

// ack says that the first n records of next were delivered.
func (s *spool) ack(n int) error {
	if n == 0 {
		return nil
	}
	s.off = s.ends[n-1]
	s.head, s.ends = s.head[n:], s.ends[n:]
	s.records -= min(s.records, uint64(n))
	seg := &s.segs[0]
	seg.lines -= min(seg.lines, uint64(n))
	if len(s.head) == 0 && s.read == seg.size {
		s.drop()
		return nil
	}
	return s.mark()
}

// mark notes up to where the first segment was delivered.
func (s *spool) mark() error {
	_, err := s.pos.WriteAt(fmt.Appendf(nil, "%016x %-20d\n", s.segs[0].number, s.off), 0)
	return err
}

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
