package http

import (
	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail"
	"mailsensor/protocols/line"
)

// enqueue notes a request whose line came.
func (p *parser) enqueue(t int64, method, target []byte) {
	switch {
	case p.lostReply && !p.pipelined: // a client that waits has had its answers
		for len(p.queue) > 0 {
			p.end(t, false)
		}
		p.lostReply = false
	case len(p.queue) > 0:
		p.pipelined = true
	}
	if len(p.queue) == maxInFlight {
		p.tell(t, toldPipeline, "http_pipeline")
		p.end(t, false)
	}
	x := p.newExchange()
	x.head = string(method) == "HEAD"
	if x.connect = string(method) == "CONNECT"; x.connect {
		host, port := hostPort(target)
		x.tunnel.keep(host, port)
	}
	p.queue = append(p.queue, x)
	p.sending = x
	p.side[capture.ToServer].line1.keep(method, target)
	p.out.CountRequests(1)
}

func (p *parser) newExchange() *exchange {
	if n := len(p.free); n > 0 {
		x := p.free[n-1]
		p.free = p.free[:n-1]
		return x
	}
	return new(exchange)
}

// drop forgets the first request in flight.
func (p *parser) drop() {
	x := p.queue[0]
	p.queue = p.queue[:copy(p.queue, p.queue[1:])]
	if p.sending == x {
		p.sending = nil
	}
	if p.now == x {
		p.now = nil
	}
	p.put(x)
}

func (p *parser) put(x *exchange) {
	x.reset()
	if len(p.free) < 4 {
		p.free = append(p.free, x)
	}
}

func (x *exchange) reset() {
	web, proxy, host, agent := x.web.wiped(), x.proxy.wiped(), x.tunnel.host[:0], x.tunnel.agent[:0]
	*x = exchange{web: web, proxy: proxy, tunnel: tunnel{host: host, agent: agent}}
}

// request is called when the header block of a request is over.
func (p *parser) request(t int64) {
	s, x := &p.side[capture.ToServer], p.sending
	h := &s.header
	defer h.wipe()
	if x == nil { // its line was lost with others; the queue has forgotten it
		s.phase = resync
		return
	}
	host, path, proxied := splitTarget(s.target)
	if len(host) == 0 {
		host = hostOf(h.get("host"))
	}
	p.origin(h, x)
	p.credentials(x, h)
	p.frame(capture.ToServer, t, false)
	if !x.connect {
		x.call = p.mail.Begin(p.mailRequest(x, s.method, path, host, h))
	}
	p.legs(t, h, x, proxied, host, s.method, path)
	p.decode(t, &s.body, h, x.call != nil)
	switch {
	case x.connect:
		x.sent = true
		s.phase = held
	case s.phase == startLine:
		p.over(capture.ToServer, t)
	}
}

// credentials notes who asks, as the header of the request says.
func (p *parser) credentials(x *exchange, h *header) {
	x.proxy.read(h.get("proxy-authorization"))
	x.web.read(h.get("authorization"))
	x.tunnel.agent = append(x.tunnel.agent[:0], cut(h.get("user-agent"), 256)...)
}

// mailRequest is what webmail is told of a request.
func (p *parser) mailRequest(x *exchange, method, target, host []byte, h *header) *webmail.Request {
	user := x.web.user
	if len(user) == 0 {
		user = p.web.user
	}
	return &webmail.Request{Method: method, Target: target, Host: host, User: user, Header: h.get}
}

func cut(b []byte, n int) []byte { return b[:min(len(b), n)] }

// response is called when the header block of a response is over.
func (p *parser) response(t int64) protocols.Action {
	s := &p.side[capture.ToClient]
	h := &s.header
	if p.status < 200 && p.status != 101 { // more is to come (RFC 9110, section 15.2)
		s.phase = startLine
		return protocols.Continue
	}
	p.lostReply = false
	p.now = nil
	if len(p.queue) > 0 {
		p.now = p.queue[0]
	}
	x := p.now
	if x != nil {
		p.answered(t, x, h)
		if x.connect {
			return p.connected(t, x)
		}
	}
	if p.status == 101 {
		if x != nil && s.list("upgrade", "H2C") {
			p.upgrade(t, x)
			return protocols.Continue
		}
		return protocols.Stop // another protocol follows, and none that carries mail
	}
	empty := x != nil && x.head || p.status == 204 || p.status == 304
	p.frame(capture.ToClient, t, empty)
	wanted := x != nil && p.replied(t, x, h)
	p.decode(t, &s.body, h, wanted)
	if s.phase == startLine {
		p.over(capture.ToClient, t)
	}
	return protocols.Continue
}

// frame finds where the content of a message ends (RFC 9112, section 6.3). Without
// content the phase is that of the next message.
func (p *parser) frame(d capture.Dir, t int64, empty bool) {
	s := &p.side[d]
	length, given := uint64(0), false
	for v := range s.all("content-length") {
		n, ok := line.Uint(v)
		if !ok || given && n != length {
			p.tell(t, toldConflict, "http_conflict")
		}
		length, given = n, true
	}
	chunked := s.list("transfer-encoding", "CHUNKED")
	if chunked && given {
		p.tell(t, toldConflict, "http_conflict")
	}
	switch {
	case empty:
		s.phase = startLine
	case chunked:
		s.phase = chunkHead
	case given && length > 0:
		s.phase, s.left = sized, length
	case given, d == capture.ToServer:
		s.phase = startLine
	default:
		s.phase = untilClose
	}
}

// pass hands content to the call it belongs to.
func (p *parser) pass(d capture.Dir, t int64, b []byte) {
	x := p.now
	if d == capture.ToServer {
		x = p.sending
	}
	if x != nil {
		p.deliver(d, t, x, &p.side[d].body, b)
	}
}

// replied hands the header of a response to the call that it answers, and reports
// whether its content is wanted.
func (p *parser) replied(t int64, x *exchange, h *header) bool {
	if x.call != nil && !x.call.Response(p.status, h.get) {
		x.call.End(t, p.out, false)
		x.call = nil
	}
	return x.call != nil
}

// deliver is pass for a known exchange.
func (p *parser) deliver(d capture.Dir, t int64, x *exchange, c *body, b []byte) {
	if x.call == nil {
		return
	}
	emit := x.call.ResponseBody
	if d == capture.ToServer {
		emit = x.call.RequestBody
	}
	if c.foreign {
		x.call.Unread(len(b), d == capture.ToServer)
		return
	}
	if !c.pass(b, emit) {
		p.tell(t, toldContent, "http_content")
	}
	p.weigh(c)
}

// over ends the message of a side.
func (p *parser) over(d capture.Dir, t int64) {
	s := &p.side[d]
	whole := s.whole()
	p.letGo(&s.body)
	if d == capture.ToServer {
		if x := p.sending; x != nil {
			x.sent = true
			if x.call != nil {
				x.call.RequestEnd(whole)
			}
			p.sending = nil
		}
		return
	}
	if p.now != nil && len(p.queue) > 0 && p.queue[0] == p.now {
		p.end(t, whole)
	}
	p.now = nil
}

// end takes the first request in flight out, and has told what it did.
func (p *parser) end(t int64, whole bool) {
	p.conclude(t, p.queue[0], whole)
	p.drop()
}

// conclude has told what an exchange did.
func (p *parser) conclude(t int64, x *exchange, whole bool) {
	if x.call == nil {
		return
	}
	p.out.SetVia(x.via)
	if !x.sent {
		x.call.RequestEnd(false)
	}
	x.call.End(t, p.out, whole)
	x.call = nil
}
