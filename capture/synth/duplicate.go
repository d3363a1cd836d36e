package synth

import "math/rand/v2"

// Duplicate shows every TCP frame twice, as a mirror of both ports of a switch
// does; the second time comes up to two frames later. With routed it is the
// copy behind a router: other MAC addresses, a TTL one less.
func Duplicate(frames []Frame, routed bool, seed uint64) []Frame {
	rng := rand.New(rand.NewPCG(seed, 2))
	out := make([]Frame, 0, 2*len(frames))
	var late []Frame // copies still to come; due counts frames until then
	var due []int
	for i := range frames {
		f := frames[i]
		out = append(out, f)
		if p, ok := parse(&f); ok {
			second := f
			if routed {
				second = p.behindRouter(&f)
			}
			late, due = append(late, second), append(due, rng.IntN(3))
		}
		for len(due) > 0 && due[0] == 0 {
			late[0].Time = f.Time
			out = append(out, late[0])
			late, due = late[1:], due[1:]
		}
		for k := range due {
			due[k] = max(0, due[k]-1)
		}
	}
	for _, f := range late {
		f.Time = out[len(out)-1].Time
		out = append(out, f)
	}
	return out
}

func (p *packet) behindRouter(f *Frame) Frame {
	c := *f
	c.Bytes = append([]byte(nil), f.Bytes...)
	copy(c.Bytes[:12], []byte{2, 0xFE, 0, 0, 0, 1, 2, 0xFE, 0, 0, 0, 2})
	ip := c.Bytes[p.ip:p.tcp]
	if p.v6 {
		ip[7]--
		return c
	}
	ip[8]--
	mendIPv4(ip)
	return c
}
