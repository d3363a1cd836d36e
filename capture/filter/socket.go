package filter

import (
	"slices"

	"golang.org/x/net/bpf"

	"mailsensor/capture"
)

// tagSize is that of an IEEE 802.1Q tag, tagAt where it begins in a frame.
const (
	tagSize = 4
	tagAt   = 12
)

// CompileSocket translates an expression for a packet socket of Linux. There the
// kernel has taken the outer VLAN tag out of the frame and keeps it beside it, so
// a program for the whole frame would find untagged what is tagged. This one
// means what Compile means for the frame with its tag put back.
//
// keep is the snap length: what the program returns for a match.
func CompileSocket(expr string, link capture.LinkType, keep uint32) ([]bpf.Instruction, error) {
	root, err := parse(expr, link)
	if err != nil {
		return nil, err
	}
	e, yes, no := begin(keep)
	untagged := root.emit(e, yes, no)
	if link == capture.LinkEthernet {
		e.stripped = true
		tagged := root.emit(e, yes, no)
		e.stripped = false
		compare{[]bpf.Instruction{bpf.LoadExtension{Num: bpf.ExtVLANTagPresent}}, bpf.JumpNotEqual, 0}.emit(e, tagged, untagged)
	} else if untagged != e.top() {
		e.add(bpf.Jump{Skip: uint32(e.distance(untagged))})
	}
	slices.Reverse(e.code)
	return finish(e.code)
}

// beside adds an instruction that loads from a whole frame as what loads the same
// from a frame whose outer tag is kept beside it. Other parts of the tag's place
// than its two fields are looked at only where the type of the frame is no tag's.
func (e *emitter) beside(ins bpf.Instruction) {
	switch l := ins.(type) {
	case bpf.LoadAbsolute:
		switch {
		case l.Off == tagAt && l.Size == 2:
			ins = bpf.LoadExtension{Num: bpf.ExtVLANProto}
		case l.Off == tagAt+2 && l.Size == 2:
			ins = bpf.LoadExtension{Num: bpf.ExtVLANTag}
		case l.Off >= tagAt+tagSize:
			l.Off = below(l.Off)
			ins = l
		case l.Off+uint32(l.Size) > tagAt:
			ins = bpf.LoadConstant{Dst: bpf.RegA}
		}
	case bpf.LoadIndirect:
		l.Off = below(l.Off)
		ins = l
	case bpf.LoadMemShift:
		l.Off = below(l.Off)
		ins = l
	case bpf.LoadExtension:
		if l.Num == bpf.ExtLen {
			e.add(bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: tagSize}) // behind the load: code is made backwards
		}
	}
	e.add(ins)
}

// below is the place of what stands behind the tag. What would be the payload of
// an untagged frame is never looked at where there is a tag.
func below(off uint32) uint32 {
	if off < tagAt+tagSize {
		return off
	}
	return off - tagSize
}
