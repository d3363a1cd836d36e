package socks

import (
	"slices"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// phase is what a side says next.
type phase uint8

const (
	first    phase = iota // client: the version decides
	sequence              // client: credentials or the request, whichever it is
	choice                // proxy: the method
	verdict               // proxy: of the credentials
	reply                 // proxy: to the request
	second                // proxy: to BIND, when somebody connected
	waiting               // client: for the reply
	untaken               // what follows cannot be told: there is no more to say
)

// parser follows one connection to a proxy.
type parser struct {
	out     protocols.Sink
	phase   [2]phase
	version byte
	kind    string
	asked   bool // the request came
	told    bool // the tunnel was
	command byte

	methods []byte // offered
	mech    string
	user    []byte
	target  []byte
	port    uint16
}

// Reset implements protocols.Parser.
func (p *parser) Reset(capture.Conn) {
	*p = parser{user: p.user[:0], target: p.target[:0], methods: p.methods[:0], phase: [2]phase{first, choice}}
}

// Parse implements protocols.Parser.
func (p *parser) Parse(d capture.Dir, t int64, b []byte, out protocols.Sink) (n int, act protocols.Action) {
	p.out = out
	switch p.phase[d] {
	case first:
		n = p.hello(t, b)
	case sequence:
		n, act = p.client(t, b)
	case choice:
		n, act = p.chosen(t, b)
	case verdict:
		n = p.judged(t, b)
	case reply, second:
		n, act = p.replied(t, b)
	case waiting: // sent early; it is the tunnel's
		if len(b) >= protocols.MaxToken {
			return len(b), protocols.Continue // more than anybody sends without an answer
		}
	case untaken:
		act = protocols.Stop
	}
	if n < 0 {
		out.Anomaly(t, "socks_bad_message", nil)
		p.giveUp(t)
		return 0, protocols.Stop
	}
	return n, act
}

// hello takes the client's first message: the methods it knows (RFC 1928, section
// 3), or all of a request of version 4.
func (p *parser) hello(t int64, b []byte) int {
	p.version = b[0]
	if p.version == version4 {
		r, n := request4(b)
		if n > 0 {
			p.kind = "socks4"
			if !r.address.IsValid() {
				p.kind = "socks4a"
			}
			p.user = append(p.user, r.user...)
			p.ask(t, &r)
			p.phase[capture.ToClient] = reply
		}
		return n
	}
	if p.version != version5 {
		return -1
	}
	p.kind = "socks5"
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		return 0
	}
	n := 2 + int(b[1])
	p.methods = append(p.methods, b[2:n]...)
	p.phase[capture.ToServer] = sequence
	return n
}

// client takes what follows the methods. Which it is shows in its first octet,
// also where the client did not wait for the proxy's choice.
func (p *parser) client(t int64, b []byte) (n int, act protocols.Action) {
	if b[0] == version5 {
		r, n := request5(b)
		if n > 0 {
			p.ask(t, &r)
		}
		return n, protocols.Continue
	}
	if b[0] != 1 || !slices.Contains(p.methods, userPass) { // RFC 1929, section 2
		return -1, protocols.Continue
	}
	if len(b) < 2 || len(b) < 3+int(b[1]) {
		return 0, protocols.Continue
	}
	end := 2 + int(b[1])
	n = end + 1 + int(b[end])
	if len(b) < n {
		return 0, protocols.Continue
	}
	p.user = append(p.user[:0], b[2:end]...)
	return n, protocols.Continue
}

// ask takes the request. Who serves it is a proxy: it may connect before it answers.
func (p *parser) ask(t int64, r *request) {
	p.out.Opening(t).Proxied = true
	p.asked, p.command, p.port = true, r.command, r.port
	p.target = append(p.target[:0], r.target()...)
	p.phase[capture.ToServer] = waiting
}

// chosen takes the method that the proxy chose (RFC 1928, section 3).
func (p *parser) chosen(t int64, b []byte) (n int, act protocols.Action) {
	if len(b) < 2 {
		return 0, protocols.Continue
	}
	if b[0] != version5 {
		return -1, protocols.Continue
	}
	p.phase[capture.ToClient] = reply
	switch b[1] {
	case noAuth:
	case userPass:
		p.mech, p.phase[capture.ToClient] = "USERPASS", verdict
	case refused:
		p.tellTunnel(t, protocols.Rejected, refused)
	default: // GSSAPI encapsulates all that follows (RFC 1961); what others do is not known
		if b[1] == gssapi {
			p.mech = "GSSAPI"
		}
		p.tellTunnel(t, protocols.Unknown, 0)
		p.phase = [2]phase{untaken, untaken}
		return 2, protocols.Stop
	}
	return 2, protocols.Continue
}

// judged takes the answer to a user's name and password (RFC 1929, section 2).
func (p *parser) judged(t int64, b []byte) int {
	if len(b) < 2 {
		return 0
	}
	p.phase[capture.ToClient] = reply
	o := protocols.Accepted
	if b[1] != 0 {
		o = protocols.Rejected
	}
	e := p.out.Login(t)
	e.Mechanism, e.User, e.Outcome, e.Proxy = p.mech, p.out.Copy(p.user), o, true
	if o == protocols.Rejected && p.asked {
		p.tellTunnel(t, o, 0)
	}
	return 2
}

// replied takes the reply to the request.
func (p *parser) replied(t int64, b []byte) (n int, act protocols.Action) {
	var code byte
	granted := byte(granted5)
	if p.version == version4 {
		code, n = reply4(b)
		granted = granted4
	} else {
		var r request
		r, n = request5(b)
		code = r.command
	}
	switch {
	case n <= 0:
		return n, protocols.Continue
	case code != granted:
		p.tellTunnel(t, protocols.Rejected, uint16(code))
		return n, protocols.Continue
	case p.command == associate:
		p.tellTunnel(t, protocols.Accepted, uint16(code))
		return n, protocols.Stop // datagrams follow, elsewhere
	case p.command == bind && p.phase[capture.ToClient] == reply:
		p.phase[capture.ToClient] = second
		return n, protocols.Continue
	}
	p.tellTunnel(t, protocols.Accepted, uint16(code))
	p.out.SetVia(p.out.Via().Through(p.kind, string(p.target), p.port, string(p.user)))
	return n, protocols.Tunnelled
}

// tellTunnel tells what became of the request, once.
func (p *parser) tellTunnel(t int64, o protocols.Outcome, code uint16) {
	if p.told {
		return
	}
	p.told = true
	e := p.out.Tunnel(t)
	e.Kind, e.Target, e.Port, e.Outcome, e.Code = p.kind, p.out.Copy(p.target), p.port, o, code
	e.User, e.Mechanism = p.out.Copy(p.user), p.mech
}

// giveUp tells what is known when nothing more can be read.
func (p *parser) giveUp(t int64) {
	if p.asked {
		p.tellTunnel(t, protocols.Unknown, 0)
	}
	p.phase = [2]phase{untaken, untaken}
}

// Gap implements protocols.Parser. The messages have no marks to go on from.
func (p *parser) Gap(_ capture.Dir, t int64, _ int, out protocols.Sink) {
	p.out = out
	p.giveUp(t)
}

// Close implements protocols.Parser.
func (p *parser) Close(t int64, out protocols.Sink) {
	p.out = out
	p.giveUp(t)
}
