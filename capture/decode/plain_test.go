package decode

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"testing"

	"mailsensor/capture"
)

// TestPlain compares with the layers taken off one by one, of frames that are nearly
// what plain takes.
func TestPlain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	quick, slow := New(Options{Seed: 7}), New(Options{Seed: 7})
	taken := 0
	for range 200_000 {
		b := make([]byte, 54+rnd.IntN(40))
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		binary.BigEndian.PutUint16(b[12:], typeIPv4)
		b[14], b[23], b[46] = 0x45, protoTCP, byte(5+rnd.IntN(3))<<4
		binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14-rnd.IntN(8)))
		binary.BigEndian.PutUint16(b[20:], 0x4000)
		if rnd.IntN(2) == 0 { // anything but the addresses and the length
			b[[...]int{12, 13, 14, 16, 17, 20, 21, 23, 46}[rnd.IntN(9)]] = byte(rnd.Uint32())
		}
		b = b[:len(b)-rnd.IntN(2)*rnd.IntN(50)]
		info := capture.Info{Link: capture.LinkEthernet, Length: len(b) + rnd.IntN(2), Time: 5}
		var got, want capture.Segment
		var direct capture.Segment
		if quick.plain(b, &direct) {
			taken++
		}
		r := quick.Decode(b, &info, 9, &got)
		if r != slow.layers(b, &info, 9, &want) {
			t.Fatalf("% x: %v", b, r)
		}
		if r == TCP && !reflect.DeepEqual(got, want) {
			t.Fatalf("% x:\n%+v\n%+v", b, got, want)
		}
	}
	if taken < 40_000 || taken > 190_000 {
		t.Errorf("%d were plain", taken)
	}
}
