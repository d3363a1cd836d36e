package main

import (
	"net/netip"

	"mailsensor/capture/synth"
)

const betweenIdle = 200_000 // nanoseconds from one connection to the next

// idle opens connections that greet, log in and fall silent, half SMTP and
// half IMAP. When all are open each says one thing more, so that a sensor that
// has forgotten one shows it.
func (g *generator) idle() {
	n := g.opt.Connections
	if n == 0 {
		n = 200_000
	}
	g.kinds = []*kind{g.smtp(0.5), g.imap(0.5)}
	flows := make([]*flow, n)
	for i := range flows {
		f := g.begin(g.kinds[i%2])
		f.due = max(g.last, epoch+int64(i)*betweenIdle)
		f.due = f.conv.Open(f.due)
		f.session.more(false)
		f.flush()
		flows[i] = f
	}
	g.truth.OpenAtOnce = n
	for i, f := range flows {
		f.due = g.last + betweenIdle
		if i%2 == 0 {
			f.say(client, "NOOP\r\n")
			f.say(server, "250 2.0.0 Ok\r\n")
		} else {
			f.say(client, "z NOOP\r\n")
			f.say(server, "z OK NOOP completed\r\n")
		}
		f.flush()
	}
}

// flush sends everything that was said, in one go and without loss, and gives
// the memory back.
func (f *flow) flush() {
	for _, u := range f.turns {
		f.g.truth.DataSegments++
		f.due = f.conv.Send(u.dir, f.due, f.buf[u.start:u.end])
	}
	f.buf, f.turns = nil, nil
}

const betweenSYNs = 2_000 // nanoseconds

// synflood is SYNs from invented addresses to one server, and in their midst
// one session that hands in mail.
func (g *generator) synflood() {
	g.kinds = []*kind{g.smtp(1)}
	honest := g.begin(g.kinds[0])
	honest.due = honest.conv.Open(epoch)
	g.truth.OpenAtOnce = 1
	every := max(g.opt.SYNs/32, 1)
	for i := range g.opt.SYNs {
		g.syn()
		if i%every == 0 && honest.state != over {
			g.stepHonest(honest)
		}
	}
	for honest.state != over {
		g.stepHonest(honest)
	}
	g.truth.SYNs = g.opt.SYNs
}

func (g *generator) stepHonest(f *flow) {
	f.due = g.last
	if !f.session.more(false) {
		f.conv.Close(f.due)
		f.state = over
		return
	}
	f.flush()
}

// syn is the first segment of a connection that is never completed.
func (g *generator) syn() {
	r := g.rng.Uint64()
	from := netip.AddrFrom4([4]byte{byte(11 + r%100), byte(r >> 8), byte(r >> 16), byte(r >> 24)})
	c := synth.New(synth.Config{
		Client: netip.AddrPortFrom(from, uint16(r>>32)|1024),
		Server: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 25),
		ISN:    [2]uint32{uint32(r >> 20), 0},
	}, g.write)
	c.SYN(g.last + betweenSYNs)
}
