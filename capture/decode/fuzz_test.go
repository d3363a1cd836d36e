package decode

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unsafe"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

// Whatever the bytes, decoding does not panic, and a payload lies in the frame
// unless it was put together from fragments.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(21, 22))
	for range 40 {
		s := randomSample(f, r)
		f.Add(s.frame, uint16(s.link), len(s.frame))
	}
	dg := newDatagram(r, 100)
	f.Add(dg.fragment(0, 64, dg.body), uint16(capture.LinkRaw), 200)
	for w := range synth.Wrappings {
		for _, frame := range synth.Encapsulate(talk(r)[:2], w, w%2 == 0) {
			f.Add(frame.Bytes, uint16(frame.Link), len(frame.Bytes))
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte, link uint16, length int) {
		d := New(Options{Checksums: length%2 == 0, VLANAware: true})
		kept := bytes.Clone(frame)
		info := capture.Info{Length: length, Link: capture.LinkType(link)}
		var seg capture.Segment
		for range 2 {
			if d.Decode(frame, &info, 0, &seg) == TCP && d.Stats().Fragments.Reassembled == 0 && !inFrame(seg.Payload, frame) {
				t.Fatal("the payload is not in the frame")
			}
			if len(frame) > 30 { // the other half of a fragment, maybe
				frame[20] ^= 0x20
			}
		}
		if len(frame) <= 30 && !bytes.Equal(frame, kept) {
			t.Fatal("the frame was written to")
		}
	})
}

func inFrame(part, whole []byte) bool {
	if len(part) == 0 {
		return true
	}
	at := uintptr(unsafe.Pointer(unsafe.SliceData(part)))
	start := uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
	return at >= start && at+uintptr(len(part)) <= start+uintptr(len(whole))
}
