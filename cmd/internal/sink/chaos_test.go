package sink

import (
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// Whatever a receiver does, and however often the sensor is started anew: everything
// arrives, in order but for what is repeated.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		h, srv := newHook(t)
		rng := rand.New(rand.NewPCG(seed, 0)) // of the receiver, which is asked by one sink
		whim := func(w http.ResponseWriter, lines int) bool {
			switch rng.IntN(8) {
			case 0:
				w.WriteHeader(503)
			case 1:
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(429)
			case 2:
				panic(http.ErrAbortHandler)
			case 3:
				time.Sleep(time.Duration(rng.IntN(30)) * time.Millisecond)
				return true
			case 4:
				if lines > 100 {
					w.WriteHeader(http.StatusRequestEntityTooLarge)
					return false
				}
				return true
			case 5: // takes it, and the answer is lost
				w.Header().Set("Content-Length", "100")
				io.WriteString(w, "x")
				return true
			default:
				return true
			}
			return false
		}
		h.answers(whim)
		c := hookConfig(t, srv.URL)
		c.QueueMiB, c.Spool = 2, &SpoolConfig{Folder: t.TempDir(), MiB: 64}
		mine := rand.New(rand.NewPCG(seed, 1))
		n := 0
		for range 6 {
			g := started(t, new(journal), c)
			for range 20 {
				more := mine.IntN(400)
				feed(g, n, n+more)
				n += more
				time.Sleep(time.Duration(mine.IntN(4)) * time.Millisecond)
			}
			g.Close(time.Duration(mine.IntN(40)) * time.Millisecond)
			until(t, "an idle receiver", func() bool { return h.active.Load() == 0 })
			if lost := metric(t, g, "lost_lines_total"); lost != 0 {
				t.Fatalf("seed %d: %d lines are lost", seed, lost)
			}
		}
		h.answers(accept)
		g := started(t, new(journal), c)
		until(t, "an empty spool", func() bool { return metric(t, g, "spool_lines") == 0 })
		g.Close(time.Minute)
		next, repeated := 0, 0
		for _, i := range h.list() {
			switch {
			case i == next:
				next++
			case i > next:
				t.Fatalf("seed %d: %d came behind %d", seed, i, next-1)
			default:
				repeated++
			}
		}
		if next != n || n < 10000 {
			t.Errorf("seed %d: %d came, of %d", seed, next, n)
		}
		t.Logf("seed %d: %d lines, %d of them again", seed, n, repeated)
	}
}
