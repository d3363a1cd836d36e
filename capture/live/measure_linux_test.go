package live

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/capture/live/livetest"
)

// TestMeasure says what a packet costs the reader, and how many come through while
// the same machine makes them. It is no test of anything and runs when asked for.
func TestMeasure(t *testing.T) {
	if os.Getenv("MAILSENSOR_MEASURE") == "" {
		t.Skip("set MAILSENSOR_MEASURE=1")
	}
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	frame := make([]byte, 941) // the mean of the mail captures of cmd/pcapgen
	copy(frame, frames(1)[0][:54])
	batch := slices.Repeat([][]byte{frame}, 50_000)
	for _, rings := range []int{1, 2} {
		s, err := Open(Options{Interfaces: []string{livetest.Near}, Rings: rings, RingBytes: 128 << 20, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		peer.Send(batch...) // into the ring, to be read at once
		start, n := time.Now(), 0
		for n < 40_000 {
			if f, _, err := s.Next(); err == nil && ours(f) {
				n++
			}
		}
		t.Logf("%d rings: %d ns a packet to read %d that wait", rings, time.Since(start).Nanoseconds()/int64(n), n)
		for idle := 0; idle < 5; {
			if _, _, err := s.Next(); err != nil {
				idle++
			}
		}
		before := s.Stats().Interfaces[0]
		done := make(chan time.Duration)
		go func() {
			start := time.Now()
			for range 10 {
				peer.Send(batch...)
			}
			done <- time.Since(start)
		}()
		var took time.Duration
		for idle := 0; idle < 5; {
			_, _, err := s.Next()
			if errors.Is(err, capture.ErrIdle) && took != 0 {
				idle++
			}
			select {
			case took = <-done:
			default:
			}
		}
		st := s.Stats().Interfaces[0]
		seen := st.Packets - before.Packets
		t.Logf("%d rings: %d packets in %v, %.2f M/s, %.1f Gbit/s, %d dropped", rings, seen, took, float64(seen)/took.Seconds()/1e6,
			float64(seen)*941*8/took.Seconds()/1e9, st.KernelDrops-before.KernelDrops)
		s.Close()
	}
}
