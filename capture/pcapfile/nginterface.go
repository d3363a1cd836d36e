package pcapfile

import (
	"fmt"

	"mailsensor/capture"
)

// Options of an interface description (section 4.2).
const (
	optionEnd      = 0
	optionTSResol  = 9
	optionTSOffset = 14
)

// netInterface is what a section says about one interface.
type netInterface struct {
	link    capture.LinkType
	snapLen uint32
	clock   clock
}

// addInterface reads an interface description block.
func (f *File) addInterface(body []byte) error {
	s := &f.ng
	if len(body) < 8 {
		return f.damaged(f.win.offset(), "interface description too short")
	}
	if len(s.interfaces) == maxInterfaces {
		return f.damaged(f.win.offset(), fmt.Sprintf("more than %d interfaces", maxInterfaces))
	}
	in := netInterface{link: capture.LinkType(s.uint16(body)), snapLen: s.uint32(body[4:])}
	resolution, offset := byte(6), int64(0)
	for rest := body[8:]; len(rest) >= 4; {
		code, size := s.uint16(rest), int(s.uint16(rest[2:]))
		if code == optionEnd || size > len(rest)-4 {
			break
		}
		value := rest[4 : 4+size]
		switch {
		case code == optionTSResol && size == 1:
			resolution = value[0]
		case code == optionTSOffset && size == 8:
			offset = int64(s.uint64(value))
		}
		rest = rest[min(4+(size+3)&^3, len(rest)):]
	}
	in.clock = newClock(resolution, offset)
	s.interfaces = append(s.interfaces, in)
	return nil
}
