// Package redact overwrites the secrets in the packets of a connection, before they
// are kept as evidence (docs/adr/0012).
//
// It does not look for secrets. It knows what is harmless: commands of a list, the
// content of messages, what servers answer, records of TLS. All else stays
// overwritten, with as many octets as there were, so that the packets can still be
// read: what is behind a loss, what is of a protocol that it does not know, an
// argument that might be anything. Names of users are kept, as the events have them.
package redact

import (
	"bytes"

	"mailsensor/capture"
)

// Mask stands where something was. It is valid base64.
const Mask = 'x'

// Connection is one connection whose packets are to be kept. Add gets them in the
// order in which they came; then Clean tells what of each of them may be kept.
type Connection struct {
	half    [2]half
	scan    scanner
	name    string
	secrets [][]byte // that were overwritten, long enough to be looked for elsewhere
}

// half is one direction.
type half struct {
	base    uint32 // sequence number of the first octet
	begun   bool
	in, out []byte // the stream as it was, and as it may be kept
	filled  []span // of in, that are known; the first begins at 0 once anything is
	scanned int
}

type span struct{ from, to int }

// scanner copies what is harmless of b, the next octets of direction d, to out, which
// is as long, and returns how many octets it is done with: the rest it wants to see
// again with more behind it.
type scanner interface {
	scan(d capture.Dir, b, out []byte) int
}

// maxStream bounds what is looked at of a direction: the rest is overwritten.
const maxStream = 64 << 20

// New returns a Connection of a protocol as events name it. Of one that was not seen
// from its beginning nothing is known to be harmless.
func New(protocol string) *Connection { return &Connection{name: protocol} }

// Begin says with which sequence number the octets of a direction begin. Where that
// is not known, all of the direction is overwritten.
func (c *Connection) Begin(d capture.Dir, seq uint32) {
	if h := &c.half[d]; !h.begun {
		h.begun, h.base = true, seq
	}
}

// Add takes a packet's payload.
func (c *Connection) Add(d capture.Dir, seq uint32, payload []byte) {
	h := &c.half[d]
	at := int(int32(seq - h.base))
	if !h.begun || at < 0 || at > maxStream-len(payload) || len(payload) == 0 {
		return
	}
	h.put(at, payload)
	if len(h.filled) == 0 || h.filled[0].from > 0 {
		return
	}
	if c.scan == nil {
		client := c.half[capture.ToServer].scannable()
		if client == nil && c.half[capture.ToClient].scannable() == nil ||
			len(client) == 1 && client[0] == handshake { // the next octet tells
			return
		}
		c.scan = c.choose(client)
	}
	for b := h.scannable(); len(b) > 0; b = h.scannable() {
		n := c.scan.scan(d, b, h.out[h.scanned:h.scanned+len(b)])
		if n <= 0 {
			return
		}
		h.scanned += n
	}
}

// put copies what is new of the payload: of octets that come twice the first count.
func (h *half) put(at int, payload []byte) {
	end := at + len(payload)
	if end > len(h.in) {
		h.in = append(h.in, make([]byte, end-len(h.in))...)
		h.out = append(h.out, bytes.Repeat([]byte{Mask}, end-len(h.out))...)
	}
	merged := span{at, end}
	var spans []span
	next := at
	for _, s := range h.filled {
		switch {
		case s.to < at:
			spans = append(spans, s)
		case s.from > end:
			if merged.to >= 0 {
				copy(h.in[next:max(next, end)], payload[min(next, end)-at:])
				next = end
				spans = append(spans, merged)
				merged.to = -1
			}
			spans = append(spans, s)
		default:
			if s.from > next {
				copy(h.in[next:min(s.from, end)], payload[next-at:])
			}
			next = max(next, min(s.to, end))
			merged = span{min(merged.from, s.from), max(merged.to, s.to)}
		}
	}
	if merged.to >= 0 {
		copy(h.in[next:max(next, end)], payload[min(next, end)-at:])
		spans = append(spans, merged)
	}
	h.filled = spans
}

// scannable are the octets that are known without a hole and not done with.
func (h *half) scannable() []byte {
	if len(h.filled) == 0 || h.filled[0].from > 0 || h.filled[0].to <= h.scanned {
		return nil
	}
	return h.in[h.scanned:h.filled[0].to]
}

// Clean overwrites in b, the payload of a packet that was added, all that is not known
// to be harmless. Octets that came twice and differ are overwritten, too.
func (c *Connection) Clean(d capture.Dir, seq uint32, b []byte) {
	h := &c.half[d]
	at := int(int32(seq - h.base))
	for i := range b {
		if p := at + i; h.begun && p >= 0 && p < len(h.out) && h.in[p] == b[i] {
			b[i] = h.out[p]
		} else {
			b[i] = Mask
		}
	}
}

// Finish overwrites what was a secret in one place and is repeated in another. It is
// called between the last Add and the first Clean.
func (c *Connection) Finish() {
	for _, s := range c.secrets {
		for d := range c.half {
			out := c.half[d].out
			for i := 0; ; {
				k := bytes.Index(out[i:], s)
				if k < 0 {
					break
				}
				i += k
				fill(out[i : i+len(s)])
				i += len(s)
			}
		}
	}
}

// Bounds of what Finish looks for: shorter ones are found everywhere.
const (
	minSecret  = 6
	maxSecrets = 64
)

// secret notes what is overwritten.
func (c *Connection) secret(b []byte) {
	if len(b) >= minSecret && len(c.secrets) < maxSecrets {
		c.secrets = append(c.secrets, bytes.Clone(b))
	}
}

func fill(b []byte) {
	for i := range b {
		b[i] = Mask
	}
}

// choose picks the scanner by the protocol, and TLS by the client's first octets.
func (c *Connection) choose(client []byte) scanner {
	if len(client) >= 2 && client[0] == handshake && client[1] == 3 {
		return records{}
	}
	switch c.name {
	case "smtp", "lmtp":
		return &smtp{lines: lines{conn: c}}
	case "pop3":
		return &pop3{lines: lines{conn: c}}
	case "imap":
		return &imap{lines: lines{conn: c}}
	case "sieve":
		return &sieve{lines: lines{conn: c}}
	case "http":
		return &http{conn: c}
	case "tls":
		return records{}
	}
	return nothing{}
}

// nothing keeps nothing.
type nothing struct{}

func (nothing) scan(_ capture.Dir, b, _ []byte) int { return len(b) }

const handshake = 22 // content type of TLS

// records keeps what has the form of TLS records (RFC 8446, section 5.1): nobody can
// read them. Behind anything else nothing is kept.
type records struct{}

func (records) scan(_ capture.Dir, b, out []byte) int {
	if len(b) < 5 {
		return 0
	}
	n := 5 + int(b[3])<<8 + int(b[4])
	if b[0] < 20 || b[0] > 24 || b[1] != 3 || n > 5+1<<14+2048 || len(b) < n {
		return 0
	}
	copy(out, b[:n])
	return n
}
