package synth

import (
	"math/rand/v2"

	"mailsensor/capture"
)

// OneSide keeps of every connection what was sent in one direction, as a tap
// on an asymmetric route sees it. The client is the one that sent the SYN,
// failing that the one with the higher port.
func OneSide(frames []Frame, keep capture.Dir) []Frame {
	clients := make(map[flow]half)
	for i := range frames {
		p, ok := parse(&frames[i])
		if !ok {
			continue
		}
		_, known := clients[p.flow()]
		switch {
		case p.flags&(capture.SYN|capture.ACK) == capture.SYN:
			clients[p.flow()] = p.half()
		case !known && p.src.Port() > p.dst.Port():
			clients[p.flow()] = p.half()
		case !known:
			clients[p.flow()] = half{p.dst, p.src}
		}
	}
	var out []Frame
	for i := range frames {
		p, ok := parse(&frames[i])
		if !ok || (clients[p.flow()] == p.half()) == (keep == capture.ToServer) {
			out = append(out, frames[i])
		}
	}
	return out
}

// Lose drops a share of the TCP frames at random.
func Lose(frames []Frame, share float64, seed uint64) []Frame {
	rng := rand.New(rand.NewPCG(seed, 3))
	var out []Frame
	for i := range frames {
		if _, ok := parse(&frames[i]); !ok || rng.Float64() >= share {
			out = append(out, frames[i])
		}
	}
	return out
}

// TagVLAN puts every Ethernet frame into a VLAN, that of a connection's lower
// end into low and the answers into high: a mirror of a router shows each
// direction in a VLAN of its own. What is not TCP goes into low.
func TagVLAN(frames []Frame, low, high uint16) []Frame {
	out := make([]Frame, 0, len(frames))
	for _, f := range frames {
		if f.Link != capture.LinkEthernet || len(f.Bytes) < 14 {
			out = append(out, f)
			continue
		}
		id := low
		if p, ok := parse(&f); ok && p.src == p.flow().high {
			id = high
		}
		b := append(make([]byte, 0, len(f.Bytes)+4), f.Bytes[:12]...)
		f.Bytes = append(appendTags(b, []uint16{id}), f.Bytes[12:]...)
		if f.Wire > 0 {
			f.Wire += 4
		}
		out = append(out, f)
	}
	return out
}
