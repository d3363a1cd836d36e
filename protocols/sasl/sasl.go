// Package sasl reads one SASL exchange (RFC 4422) as an observer sees it, for
// every protocol that carries one in base64: who logs in, by which mechanism,
// and nothing that would let anybody else do so.
//
// Ownership: the messages belong to the caller. They are decoded into a buffer
// on the stack that is wiped before the call returns; only the identities are
// kept, copied and bounded, until the next Start or Reset. Passwords, digests
// and tokens are never stored.
package sasl

import "mailsensor/protocols/line"

// Bounds. An identity beyond its bound is cut; it is still one identity.
const (
	maxIdentity = 320     // local part, @ and domain (RFC 5321, section 4.5.3.1)
	maxSteps    = 32      // client messages of one exchange that are looked at
	maxDecoded  = 4 << 10 // decoded octets of one message that are looked at
	maxName     = 20      // RFC 4422, section 3.1: a mechanism name has at most 20 characters
)

// Exchange is one exchange. The zero value is ready for Start.
type Exchange struct {
	name        string
	grammar     grammar
	user        []byte
	authorize   []byte
	domain      []byte
	workstation []byte
	steps       int
	password    bool // LOGIN: what comes is the password
	cancelled   bool
}

// Reset forgets everything but its buffers.
func (e *Exchange) Reset() {
	*e = Exchange{user: e.user[:0], authorize: e.authorize[:0], domain: e.domain[:0], workstation: e.workstation[:0]}
}

// Start begins an exchange by the mechanism named in any case. initial is the
// initial response in base64, "=" for an empty one (RFC 4954, section 4), which
// says nothing.
func (e *Exchange) Start(mechanism, initial []byte, hasInitial bool) {
	e.Reset()
	e.name, e.grammar = lookup(mechanism)
	if hasInitial && string(initial) != "=" {
		e.message(initial)
	}
}

// Client takes a message of the client: base64, or "*", which cancels the
// exchange.
func (e *Exchange) Client(b64 []byte) {
	if b64 = line.Trim(b64); len(b64) == 1 && b64[0] == '*' {
		e.cancelled = true
		return
	}
	e.message(b64)
}

func (e *Exchange) message(b64 []byte) {
	if e.steps++; e.steps > maxSteps || e.grammar == opaque {
		return
	}
	var scratch [maxDecoded]byte
	n := decode(scratch[:], b64)
	e.read(scratch[:n])
	clear(scratch[:n])
}

// Gap says that octets of the client are lost. Who can tell what the next message
// is? Nothing more is read.
func (e *Exchange) Gap() { e.steps = maxSteps }

// Server takes a challenge of the server in base64. Only LOGIN needs it, to
// know when the password was asked for.
func (e *Exchange) Server(b64 []byte) {
	if e.name != "LOGIN" {
		return
	}
	var scratch [64]byte
	if line.HasPrefixFold(scratch[:decode(scratch[:], b64)], "PASS") {
		e.password = true
	}
}

// Mechanism is the name in upper case; a constant for those that are known.
func (e *Exchange) Mechanism() string { return e.name }

// User is the authentication identity; empty: not visible.
func (e *Exchange) User() []byte { return e.user }

// AuthorizeAs is the authorization identity, where one was given that differs.
func (e *Exchange) AuthorizeAs() []byte {
	if string(e.authorize) == string(e.user) {
		return nil
	}
	return e.authorize
}

// Account is whom the server lets act when the exchange succeeds: the
// authorization identity, or else the authentication identity.
func (e *Exchange) Account() []byte {
	if len(e.authorize) > 0 {
		return e.authorize
	}
	return e.user
}

// Domain is the domain of an NTLM user.
func (e *Exchange) Domain() []byte { return e.domain }

// Workstation is the name an NTLM client gives itself.
func (e *Exchange) Workstation() []byte { return e.workstation }

// Cancelled reports whether the client sent "*".
func (e *Exchange) Cancelled() bool { return e.cancelled }

// keep copies an identity, bounded.
func keep(dst *[]byte, b []byte) {
	*dst = append((*dst)[:0], b[:min(len(b), maxIdentity)]...)
}

// decode reads base64 (RFC 4648, section 4) into dst as far as that has room.
// Padding may be missing, and it stops at the first octet that is neither.
func decode(dst, src []byte) (n int) {
	var acc uint32
	bits := 0
	for _, c := range src {
		v := value(c)
		if v < 0 || n == len(dst) {
			break
		}
		acc = acc<<6 | uint32(v)
		if bits += 6; bits >= 8 {
			bits -= 8
			dst[n] = byte(acc >> bits)
			n++
		}
	}
	return n
}

func value(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return int(c - 'A')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}
