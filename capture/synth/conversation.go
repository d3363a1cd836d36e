package synth

import (
	"net/netip"

	"mailsensor/capture"
)

// Config is the shape of a conversation. Zero values take the defaults.
type Config struct {
	Client, Server netip.AddrPort
	ISN            [2]uint32 // initial sequence number of each side, by capture.Dir
	MSS            int       // largest payload of a segment; 1460
	AckEvery       int       // the receiver acknowledges every so many segments; 2
	Step           int64     // nanoseconds between the frames of one call; 20,000
	VLANs          []uint16  // outermost first
}

// Conversation is one TCP connection as a tap sees it. Every method that
// emits takes the time of its first frame and returns the time that the next
// frame may have.
type Conversation struct {
	cfg  Config
	emit Emit
	side [2]side
	due  [2]int // segments sent and not yet acknowledged
	buf  []byte
}

type side struct {
	addr netip.AddrPort
	mac  [6]byte
	seq  uint32 // of the next octet
	id   uint16
}

// New returns a conversation that has not begun.
func New(cfg Config, emit Emit) *Conversation {
	if cfg.MSS == 0 {
		cfg.MSS = 1460
	}
	if cfg.AckEvery == 0 {
		cfg.AckEvery = 2
	}
	if cfg.Step == 0 {
		cfg.Step = 20_000
	}
	c := &Conversation{cfg: cfg, emit: emit}
	for d, addr := range [2]netip.AddrPort{cfg.Client, cfg.Server} {
		a := addr.Addr().As16()
		c.side[d] = side{
			addr: addr,
			mac:  [6]byte{2, uint8(d), a[12], a[13], a[14], a[15]},
			seq:  cfg.ISN[d],
			id:   uint16(cfg.ISN[d]>>8) | 1,
		}
	}
	return c
}

// Open shakes hands.
func (c *Conversation) Open(t int64) int64 {
	t = c.SYN(t)
	c.frame(capture.ToClient, t, capture.SYN|capture.ACK, synOptions(c.cfg.MSS), nil)
	return c.Ack(capture.ToServer, t+c.cfg.Step)
}

// SYN asks for a connection, and no more.
func (c *Conversation) SYN(t int64) int64 {
	c.frame(capture.ToServer, t, capture.SYN, synOptions(c.cfg.MSS), nil)
	return t + c.cfg.Step
}

// Send sends b, cut into segments, with the acknowledgements of the peer.
func (c *Conversation) Send(d capture.Dir, t int64, b []byte) int64 {
	for len(b) > 0 {
		n := min(len(b), c.cfg.MSS)
		t = c.Segment(d, t, b[:n])
		b = b[n:]
		if c.AckDue(d) {
			t = c.Ack(d.Other(), t)
		}
	}
	return t
}

// Segment sends one segment. What the sender says acknowledges everything it
// was sent.
func (c *Conversation) Segment(d capture.Dir, t int64, payload []byte) int64 {
	c.due[d]++
	c.due[d.Other()] = 0
	c.frame(d, t, dataFlags, nil, payload)
	return t + c.cfg.Step
}

// AckDue reports whether the receiver of d's segments would acknowledge now.
func (c *Conversation) AckDue(d capture.Dir) bool { return c.due[d] >= c.cfg.AckEvery }

// Ack acknowledges, on behalf of the side that sends in direction d,
// everything it was sent.
func (c *Conversation) Ack(d capture.Dir, t int64) int64 {
	c.due[d.Other()] = 0
	c.frame(d, t, capture.ACK, nil, nil)
	return t + c.cfg.Step
}

// Skip sends n octets that the tap does not see.
func (c *Conversation) Skip(d capture.Dir, n int) {
	c.due[d]++
	c.side[d].seq += uint32(n)
}

// Close closes both directions, the client's first.
func (c *Conversation) Close(t int64) int64 {
	c.frame(capture.ToServer, t, capture.FIN|capture.ACK, nil, nil)
	c.frame(capture.ToClient, t+c.cfg.Step, capture.FIN|capture.ACK, nil, nil)
	return c.Ack(capture.ToServer, t+2*c.cfg.Step)
}

// Reset breaks the connection off, from the side that sends in direction d.
func (c *Conversation) Reset(d capture.Dir, t int64) int64 {
	c.frame(d, t, capture.RST|capture.ACK, nil, nil)
	return t + c.cfg.Step
}

func (c *Conversation) frame(d capture.Dir, t int64, flags uint8, options, payload []byte) {
	from, to := &c.side[d], &c.side[d.Other()]
	h := header{
		src: from.addr, dst: to.addr,
		srcMAC: from.mac, dstMAC: to.mac,
		vlans: c.cfg.VLANs,
		seq:   from.seq,
		id:    from.id,
		flags: flags, ttl: 64,
		options: options,
	}
	if flags&capture.ACK != 0 {
		h.ack = to.seq
	}
	from.id++
	from.seq += uint32(len(payload))
	if flags&(capture.SYN|capture.FIN) != 0 {
		from.seq++
	}
	c.buf = appendFrame(c.buf[:0], &h, payload)
	c.emit(t, c.buf)
}
