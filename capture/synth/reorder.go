package synth

import (
	"math/rand/v2"

	"mailsensor/capture"
)

// Reorder puts segments of one direction into another order, each at most
// window places from its own among the segments of its run. A run is data that
// follows without a hole or a repeat and without the other side saying
// anything but acknowledgements: so no answer comes before its question, and
// where a connection is joined in the middle its first segment stays first.
// The times stay in order.
func Reorder(frames []Frame, window int, seed uint64) []Frame {
	r := reorderer{
		out:    append([]Frame(nil), frames...),
		rng:    rand.New(rand.NewPCG(seed, 1)),
		window: window,
		runs:   make(map[flow]*run),
	}
	for i := range frames {
		if p, ok := parse(&frames[i]); ok {
			r.frame(i, &p)
		}
	}
	for _, k := range r.order {
		r.shuffle(k)
	}
	return r.out
}

type reorderer struct {
	out    []Frame
	rng    *rand.Rand
	window int
	runs   map[flow]*run
	order  []*run
}

type run struct {
	src    half
	next   uint32
	frames []int
	known  map[half]bool // directions whose beginning was seen
}

func (r *reorderer) frame(i int, p *packet) {
	k := r.runs[p.flow()]
	if k == nil {
		k = &run{known: make(map[half]bool)}
		r.runs[p.flow()] = k
		r.order = append(r.order, k)
	}
	switch {
	case !p.plain():
		if p.size() > 0 || p.flags&(capture.SYN|capture.FIN|capture.RST) != 0 {
			r.shuffle(k)
			k.known[p.half()] = true
		}
	case !k.known[p.half()]:
		k.known[p.half()] = true
		r.shuffle(k)
	case len(k.frames) > 0 && k.src == p.half() && k.next == p.seq:
		k.frames = append(k.frames, i)
		k.next = p.next()
	default:
		r.shuffle(k)
		k.src, k.next = p.half(), p.next()
		k.frames = append(k.frames, i)
	}
}

// shuffle swaps frames of the run in pairs, and ends it. Every frame is
// swapped once at most, which keeps it within the window.
func (r *reorderer) shuffle(k *run) {
	moved := make([]bool, len(k.frames))
	for i := range k.frames {
		j := i + 1 + r.rng.IntN(r.window)
		if j >= len(k.frames) || moved[i] || moved[j] || r.rng.IntN(2) == 0 {
			continue
		}
		moved[i], moved[j] = true, true
		a, b := k.frames[i], k.frames[j]
		r.out[a], r.out[b] = r.out[b], r.out[a]
		r.out[a].Time, r.out[b].Time = r.out[b].Time, r.out[a].Time
	}
	k.frames = k.frames[:0]
}
