package filter

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/net/bpf"

	"mailsensor/capture"
)

// strip takes the outer tag off a frame, as the kernel does.
func strip(frame []byte) (rest []byte, tpid, tci uint32, tagged bool) {
	tpid = uint32(binary.BigEndian.Uint16(frame[12:]))
	if tpid != typeVLAN && tpid != typeQinQ { // 0x9100 is no tag to the kernel
		return frame, 0, 0, false
	}
	return slices.Concat(frame[:12], frame[16:]), tpid, uint32(binary.BigEndian.Uint16(frame[14:])), true
}

// socket runs a program as the kernel does on a packet socket.
func socket(t *testing.T, code []bpf.Instruction, frame []byte) int {
	t.Helper()
	rest, tpid, tci, tagged := strip(frame)
	present := uint32(0)
	if tagged {
		present = 1
	}
	run := slices.Clone(code)
	for i, ins := range run {
		if ext, ok := ins.(bpf.LoadExtension); ok {
			switch ext.Num {
			case bpf.ExtVLANTagPresent:
				run[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: present}
			case bpf.ExtVLANProto:
				run[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: tpid}
			case bpf.ExtVLANTag:
				run[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: tci}
			}
		}
	}
	vm, err := bpf.NewVM(run)
	if err != nil {
		t.Fatal(err)
	}
	n, err := vm.Run(rest)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The program for a socket means for the frame without its tag what the other
// means for the whole frame.
func TestSocketPrograms(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, link := range []capture.LinkType{capture.LinkEthernet, capture.LinkRaw} {
		matched := 0
		for _, expr := range append(expressions[:len(expressions):len(expressions)], etherExpressions...) {
			code, err := CompileSocket(expr, link, 96)
			if err != nil {
				t.Fatalf("%q: %v", expr, err)
			}
			if _, err := bpf.Assemble(code); err != nil {
				t.Fatalf("%q: %v", expr, err)
			}
			whole, err := Compile(expr, link)
			if err != nil {
				t.Fatal(err)
			}
			vm, err := bpf.NewVM(whole)
			if err != nil {
				t.Fatal(err)
			}
			for range 60 {
				frame := randomFrame(t, r, link)
				want, _ := vm.Run(frame)
				want = min(want, 96)
				var got int
				if link == capture.LinkEthernet {
					got = socket(t, code, frame)
				} else if vm, err := bpf.NewVM(code); err != nil {
					t.Fatal(err)
				} else {
					got, _ = vm.Run(frame)
				}
				if got != want {
					t.Fatalf("%q keeps %d of %x, want %d", expr, got, frame, want)
				}
				if want > 0 {
					matched++
				}
			}
		}
		if matched < 100 {
			t.Errorf("only %d frames matched", matched)
		}
	}
	if _, err := CompileSocket("tcp port", capture.LinkEthernet, 96); err == nil {
		t.Error("an expression that ends too early compiles")
	}
}
