package synth

import (
	"mailsensor/capture"
)

// joinLimit keeps a joined segment within what an IP length field can say.
const joinLimit = 60_000

// Recut cuts the segments of frames otherwise: some into up to four pieces,
// some joined with the one before. The streams stay as they were. Where to cut
// follows from seed and the segment itself, so that a packet captured twice,
// or sent twice, is cut the same way both times.
func Recut(frames []Frame, seed uint64) []Frame {
	r := recutter{seed: seed, last: make(map[flow]int)}
	for i := range frames {
		f := &frames[i]
		p, ok := parse(f)
		if !ok {
			r.out = append(r.out, *f)
			continue
		}
		if p.size() < 2 || p.flags&(capture.RST|urgent) != 0 {
			r.add(p, *f)
			continue
		}
		r.cut(&p, f)
	}
	return r.out
}

type recutter struct {
	seed uint64
	out  []Frame
	last map[flow]int // index in out of the flow's latest frame
}

// cut adds the pieces of a segment. SYN stays with the first piece, FIN and
// PSH with the last.
func (r *recutter) cut(p *packet, f *Frame) {
	rest, seq := p.payload(f), p.seq
	for n := uint64(0); len(rest) > 0; n++ {
		h := mix(r.seed, uint64(p.seq)<<32|uint64(p.id), n)
		size := len(rest)
		if n < 3 && h&3 != 0 {
			size = 1 + int(h>>8%uint64(len(rest)))
		}
		c := change{seq: seq, flags: p.flags, payload: rest[:size]}
		if p.id != 0 {
			c.id = uint16(h>>40) | 1
		}
		if n > 0 {
			c.flags &^= capture.SYN
		}
		rest = rest[size:]
		if len(rest) > 0 {
			c.flags &^= capture.FIN | capture.PSH
		}
		if seq += uint32(size); c.flags&capture.SYN != 0 {
			seq++
		}
		piece := p.rebuild(f, c)
		q, _ := parse(&piece)
		if h>>4&3 != 0 || !r.join(&q, &piece) {
			r.add(q, piece)
		}
	}
}

func (r *recutter) add(p packet, f Frame) {
	r.last[p.flow()] = len(r.out)
	r.out = append(r.out, f)
}

// join appends f to the flow's latest frame when it goes on where that ends.
func (r *recutter) join(p *packet, f *Frame) bool {
	i, ok := r.last[p.flow()]
	if !ok {
		return false
	}
	before := &r.out[i]
	q, ok := parse(before)
	if !ok || !q.plain() || !p.plain() || q.src != p.src || q.next() != p.seq || q.ack != p.ack ||
		q.size()+p.size() > joinLimit {
		return false
	}
	payload := append(append([]byte(nil), q.payload(before)...), p.payload(f)...)
	r.out[i] = q.rebuild(before, change{seq: q.seq, id: q.id, flags: q.flags | p.flags, payload: payload})
	return true
}

// mix is a hash of three numbers that is the same on every run.
func mix(a, b, c uint64) uint64 {
	h := a
	for _, v := range [2]uint64{b, c} {
		h = (h ^ v) * 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	h *= 0xBF58476D1CE4E5B9
	return h ^ h>>32
}
