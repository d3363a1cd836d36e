package tls

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// message takes a whole message of the handshake.
func (p *parser) message(d capture.Dir, t int64, kind byte, b []byte, out protocols.Sink) {
	switch {
	case d == capture.ToServer && kind == clientHello && !p.hs.hello.seen: // a second one answers a HelloRetryRequest
		p.hs.hello.at = t
		if !p.hs.hello.read(b) {
			p.truncated = true
		}
		if p.ready {
			p.tell(t, out)
		}
	case d == capture.ToClient && kind == serverHello && !p.hs.server.seen:
		if !p.hs.server.read(b, &p.hs.hello) {
			p.truncated = true
		}
		if p.hs.server.seen && (p.hs.server.version == tls13 || p.hs.server.resumed) { // the rest is encrypted, or nothing
			p.understood(t, out)
		}
	case d == capture.ToClient && kind == certificate && len(p.hs.chain) == 0:
		p.hs.chain = append(p.hs.chain, b...)
		p.understood(t, out)
	case d == capture.ToClient && kind == serverHelloDone:
		p.hs.server.done = true
		p.understood(t, out)
	}
}

// server is what a ServerHello says (RFC 8446, section 4.1.3; RFC 5246, section
// 7.4.1.3).
type server struct {
	seen    bool
	version uint16
	cipher  uint16
	resumed bool
	done    bool
	alpn    []byte // borrowed from its buffer: see room
	room    [32]byte
}

// retryRandom is the random of a HelloRetryRequest: SHA-256 of that name (RFC
// 8446, section 4.1.3).
var retryRandom = []byte("\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c")

// Extensions (the IANA registry of TLS ExtensionType values).
const (
	extServerName        = 0
	extGroups            = 10
	extPointFormats      = 11
	extSignatures        = 13
	extALPN              = 16
	extPreSharedKey      = 41
	extEarlyData         = 42
	extSupportedVersions = 43
	extEncryptedHello    = 0xfe0d // draft-ietf-tls-esni
	extEncryptedName     = 0xffce // its early drafts
)

// read takes a ServerHello. It reports whether it is well formed.
func (s *server) read(b []byte, c *client) bool {
	var version, cipher uint16
	var compression uint8
	var random []byte
	var session cryptobyte.String
	in := cryptobyte.String(b)
	if !in.ReadUint16(&version) || !in.ReadBytes(&random, 32) || !in.ReadUint8LengthPrefixed(&session) ||
		!in.ReadUint16(&cipher) || !in.ReadUint8(&compression) {
		return false
	}
	if bytes.Equal(random, retryRandom) {
		return true // another hello of both sides follows
	}
	s.seen, s.version, s.cipher = true, version, cipher
	var all cryptobyte.String
	if !in.Empty() && !in.ReadUint16LengthPrefixed(&all) {
		return false
	}
	psk := false
	for !all.Empty() {
		var kind uint16
		var body cryptobyte.String
		if !all.ReadUint16(&kind) || !all.ReadUint16LengthPrefixed(&body) {
			return false
		}
		switch kind {
		case extSupportedVersions:
			body.ReadUint16(&s.version)
		case extPreSharedKey:
			psk = true
		case extALPN:
			var list, name cryptobyte.String
			if body.ReadUint16LengthPrefixed(&list) && list.ReadUint8LengthPrefixed(&name) {
				s.alpn = append(s.room[:0], name[:min(len(name), len(s.room))]...)
			}
		}
	}
	if s.version == tls13 {
		s.resumed = psk
	} else { // an echo of the session id, or of what a ticket was sent with (RFC 5077, section 3.4)
		s.resumed = len(session) > 0 && bytes.Equal(session, c.session[:c.sessionLen])
	}
	return true
}
