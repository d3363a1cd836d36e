package sink

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
)

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
