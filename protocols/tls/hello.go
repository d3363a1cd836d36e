package tls

import (
	"golang.org/x/crypto/cryptobyte"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// client is what a ClientHello says (RFC 8446, section 4.1.2).
type client struct {
	seen          bool
	at            int64  // when it came, Unix nanoseconds
	version       uint16 // the highest offered
	name          []byte // SNI (RFC 6066, section 3)
	alpn          []byte // the first offered (RFC 7301)
	session       [32]byte
	sessionLen    int
	encrypted     bool
	early         bool // data may come before the handshake is done
	fingerprinted bool
	ja3           [32]byte
	ja4           [36]byte
}

// offer is the lists of a hello, from which fingerprints are made.
type offer struct {
	legacy     uint16
	version    uint16
	ciphers    []uint16
	extensions []uint16
	groups     []uint16
	formats    []byte
	signatures []uint16
	name       bool
	alpn       []byte
}

const maxName = 255 // of a host (RFC 1035, section 2.3.4), and of an ALPN identifier

// isGREASE reports a value that means nothing and is sent so that peers get used
// to such (RFC 8701, section 2).
func isGREASE(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// read takes a ClientHello. It reports whether it is well formed.
func (c *client) read(b []byte) bool {
	c.seen = true
	var o offer
	var random []byte
	var session, ciphers, compression, extensions cryptobyte.String
	in := cryptobyte.String(b)
	if !in.ReadUint16(&o.legacy) || !in.ReadBytes(&random, 32) || !in.ReadUint8LengthPrefixed(&session) ||
		!in.ReadUint16LengthPrefixed(&ciphers) || !in.ReadUint8LengthPrefixed(&compression) {
		return false
	}
	c.sessionLen = copy(c.session[:], session)
	c.version, o.version = o.legacy, o.legacy
	o.ciphers = numbers(make([]uint16, 0, 64), ciphers)
	o.extensions = make([]uint16, 0, 32)
	if !in.Empty() && !in.ReadUint16LengthPrefixed(&extensions) {
		return false
	}
	for !extensions.Empty() {
		var kind uint16
		var body cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&body) {
			return false
		}
		if isGREASE(kind) {
			continue
		}
		o.extensions = append(o.extensions, kind)
		c.extension(&o, kind, body)
	}
	c.version = o.version
	c.fingerprint(&o)
	return true
}

func (c *client) extension(o *offer, kind uint16, body cryptobyte.String) {
	var list cryptobyte.String
	switch kind {
	case extServerName:
		o.name = true
		c.serverName(body)
	case extALPN:
		var name cryptobyte.String
		if body.ReadUint16LengthPrefixed(&list) && list.ReadUint8LengthPrefixed(&name) {
			o.alpn = name
			if len(name) != 2 || !isGREASE(uint16(name[0])<<8|uint16(name[1])) {
				c.alpn = append(c.alpn[:0], name...)
			}
		}
	case extGroups:
		if body.ReadUint16LengthPrefixed(&list) {
			o.groups = numbers(nil, list)
		}
	case extPointFormats:
		if body.ReadUint8LengthPrefixed(&list) {
			o.formats = list
		}
	case extSignatures:
		if body.ReadUint16LengthPrefixed(&list) {
			o.signatures = numbers(nil, list)
		}
	case extSupportedVersions:
		if body.ReadUint8LengthPrefixed(&list) {
			o.version = 0
			for _, v := range numbers(nil, list) {
				o.version = max(o.version, v)
			}
		}
	case extEarlyData:
		c.early = true
	case extEncryptedHello, extEncryptedName:
		c.encrypted = true
	}
}

func (c *client) serverName(body cryptobyte.String) {
	var list, name cryptobyte.String
	var kind uint8
	if body.ReadUint16LengthPrefixed(&list) && list.ReadUint8(&kind) && kind == 0 && list.ReadUint16LengthPrefixed(&name) {
		c.name = append(c.name[:0], name[:min(len(name), maxName)]...)
	}
}

// numbers appends a list of 16-bit values without those of GREASE.
func numbers(to []uint16, list cryptobyte.String) []uint16 {
	for v := uint16(0); list.ReadUint16(&v); {
		if !isGREASE(v) {
			to = append(to, v)
		}
	}
	return to
}

// oldHello takes octets of a hello in the form of SSL 2: only its version tells
// anything (RFC 5246, appendix E.2).
func (p *parser) oldHello(d capture.Dir, t int64, b []byte, out protocols.Sink) {
	h := &p.half[d]
	if room := oldHead - 2 - len(p.hs.msg[d].buf); room > 0 {
		p.hs.msg[d].buf = append(p.hs.msg[d].buf, b[:min(room, len(b))]...)
	}
	if h.left > 0 {
		return
	}
	if m := p.hs.msg[d].buf; len(m) >= 3 {
		p.hs.hello.seen, p.hs.hello.version = true, uint16(m[1])<<8|uint16(m[2])
	}
	p.hs.msg[d].reset()
	if p.ready {
		p.tell(t, out)
	}
}
