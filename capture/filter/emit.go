package filter

import (
	"slices"

	"golang.org/x/net/bpf"
)

// label is the place of an instruction, counted from the end of the program. Code
// is made from the end to the beginning, so a jump's distance, which can only be
// forward, is known when the jump is made.
type label int

type emitter struct {
	code     []bpf.Instruction
	stripped bool // the frame's outer VLAN tag stands beside it, see socket.go
}

// node is a condition. emit makes code that goes on at yes or no, and returns
// where that code begins.
type node interface {
	emit(e *emitter, yes, no label) label
}

type (
	all   []node
	some  []node
	not   struct{ node }
	fixed bool
	// compare loads a value and compares it.
	compare struct {
		load []bpf.Instruction
		cond bpf.JumpTest
		val  uint32
	}
)

func (n all) emit(e *emitter, yes, no label) label {
	for _, part := range slices.Backward(n) {
		yes = part.emit(e, yes, no)
	}
	return yes
}

func (n some) emit(e *emitter, yes, no label) label {
	for _, part := range slices.Backward(n) {
		no = part.emit(e, yes, no)
	}
	return no
}

func (n not) emit(e *emitter, yes, no label) label { return n.node.emit(e, no, yes) }

func (n fixed) emit(_ *emitter, yes, no label) label {
	if n {
		return yes
	}
	return no
}

func (n compare) emit(e *emitter, yes, no label) label {
	yes = e.reach(yes, 1)
	no = e.reach(no, 0)
	e.add(bpf.JumpIf{Cond: n.cond, Val: n.val, SkipTrue: uint8(e.distance(yes)), SkipFalse: uint8(e.distance(no))})
	for _, ins := range slices.Backward(n.load) {
		if e.stripped {
			e.beside(ins)
			continue
		}
		e.add(ins)
	}
	return e.top()
}

func (e *emitter) add(ins bpf.Instruction) { e.code = append(e.code, ins) }

func (e *emitter) top() label { return label(len(e.code) - 1) }

// distance is how many instructions the next one must skip to get to a label.
func (e *emitter) distance(to label) int { return int(e.top() - to) }

// reach returns a label that a conditional jump, which skips no more than 255,
// gets to even if more instructions come before it.
func (e *emitter) reach(to label, more int) label {
	if e.distance(to)+more <= 255 {
		return to
	}
	e.add(bpf.Jump{Skip: uint32(e.distance(to))})
	return e.top()
}

// begin makes the end of a program, which keeps a number of bytes or none.
func begin(keep uint32) (e *emitter, yes, no label) {
	e = &emitter{}
	e.add(bpf.RetConstant{Val: 0})
	no = e.top()
	e.add(bpf.RetConstant{Val: keep})
	return e, e.top(), no
}

// assemble makes the program for a condition.
func assemble(root node) []bpf.Instruction {
	e, yes, no := begin(accept)
	if begin := root.emit(e, yes, no); begin != e.top() {
		e.add(bpf.Jump{Skip: uint32(e.distance(begin))})
	}
	slices.Reverse(e.code)
	return e.code
}
