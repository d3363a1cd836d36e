package sink

import (
	"fmt"
	"hash/crc32"
	"os"
)

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
