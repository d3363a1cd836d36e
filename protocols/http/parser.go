package http

import (
	"sync"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail"
	"mailsensor/protocols/line"
)

// phase says what the next bytes of a side are.
type phase uint8

const (
	startLine  phase = iota
	fields           // a header block
	sized            // content, side.left octets of it
	chunkHead        // the size of a chunk
	chunkData        // side.left octets of one
	chunkTail        // its line end
	trailers         // fields behind the last chunk
	untilClose       // content, to the end of the connection
	resync           // behind a loss: a start line is looked for
	held             // the client asked for a tunnel: the proxy has to answer first
)

// side is one direction.
type side struct {
	phase phase
	left  uint64
	lines line.Scanner
	line1 // of a request
	header
	body
}

// line1 is the request line.
type line1 struct{ method, target []byte }

func (l *line1) keep(method, target []byte) {
	l.method, l.target = append(l.method[:0], method...), append(l.target[:0], cut(target, maxTarget)...)
}

// Things that are reported once a connection.
type once uint16

const (
	toldRequest once = 1 << iota
	toldResponse
	toldChunk
	toldConflict
	toldLong
	toldPipeline
	toldContent
	toldFrame
	toldCoding
)

// parser follows one connection.
type parser struct {
	out  protocols.Sink
	mail *webmail.Set
	side [2]side
	h2   *h2 // nil: not spoken
	told once

	spare     *sync.Pool // of inflaters
	inflating int        // octets of those in use

	queue     []*exchange // requests whose response is not over, in order
	free      []*exchange
	now       *exchange // whose response is being read; nil: none
	sending   *exchange // whose request is being read
	status    int
	pipelined bool // a request was sent before the last one was answered
	lostReply bool // responses may be missing
	joined    bool // the connection was not seen from its beginning

	web     login          // of the server behind
	proxy   login          // of the proxy
	asked   []byte         // scratch: what is hashed of a request
	via     *protocols.Via // how the connection came here, whatever its requests claim
	begun   bool           // there was a request
	refused tunnel
}

// exchange is a request and what it waits for.
type exchange struct {
	call    webmail.Call
	head    bool // HEAD: no content comes
	connect bool
	tunnel  tunnel
	sent    bool // the request is over
	web     attempt
	proxy   attempt
	via     *protocols.Via // how the request came here
}

// Reset implements protocols.Parser.
func (p *parser) Reset(c capture.Conn) {
	for len(p.queue) > 0 {
		p.drop()
	}
	p.mail.Reset()
	for d := range p.side {
		p.side[d].wipe()
	}
	web, proxy := p.web.user[:0], p.proxy.user[:0]
	*p = parser{mail: p.mail, spare: p.spare, asked: p.asked[:0], queue: p.queue[:0], free: p.free, joined: !c.Handshake,
		side: [2]side{{header: p.side[0].header, line1: p.side[0].line1}, {header: p.side[1].header}}}
	p.web.user, p.proxy.user = web, proxy
	for d := range p.side {
		p.side[d].lines.Max = maxLine
		if !c.Handshake {
			p.side[d].phase = resync
		}
	}
}

// Held is how many octets content is inflated with, and what the decoders of HTTP/2 know:
// see protocols.Holder.
func (p *parser) Held() int {
	n := p.inflating
	if p.h2 != nil {
		n += p.h2.half[0].known + p.h2.half[1].known
	}
	return n
}

// Parse implements protocols.Parser.
func (p *parser) Parse(d capture.Dir, t int64, b []byte, out protocols.Sink) (n int, act protocols.Action) {
	p.out = out
	if p.h2 != nil {
		return p.h2.parse(d, t, b), protocols.Continue
	}
	s := &p.side[d]
	switch s.phase {
	case sized, chunkData:
		return p.content(d, t, b), protocols.Continue
	case untilClose:
		p.pass(d, t, b)
		return len(b), protocols.Continue
	case held:
		if len(b) < protocols.MaxToken {
			return 0, protocols.Continue
		}
		return len(b), protocols.Continue // more than anybody sends without an answer
	}
	if d == capture.ToClient && b[0] == 0 && s.phase == startLine && len(b) < protocols.MaxToken {
		return 0, protocols.Continue // a frame of HTTP/2 that came before the client's preface
	}
	text, n, end := s.lines.Next(b)
	switch end {
	case line.Wait:
		return 0, protocols.Continue
	case line.Skipped, line.LastSkipped:
		return n, protocols.Continue
	case line.TooLong:
		p.tell(t, toldLong, "http_long_header")
	}
	return n, p.line(d, t, text, end == line.TooLong)
}

// line takes a line of a start, a header block or a chunk.
func (p *parser) line(d capture.Dir, t int64, text []byte, cut bool) protocols.Action {
	s := &p.side[d]
	switch s.phase {
	case startLine, resync:
		if len(text) > 0 {
			p.begin(d, t, text, s.phase == resync)
		}
	case fields:
		if len(text) > 0 {
			s.add(text)
			s.long = s.long || cut
			return protocols.Continue
		}
		if s.long {
			p.tell(t, toldLong, "http_long_header")
		}
		if d == capture.ToServer {
			p.request(t)
			return protocols.Continue
		}
		return p.response(t)
	case chunkHead:
		p.chunk(d, t, text)
	case chunkTail:
		s.phase = chunkHead
		if len(text) > 0 { // the chunk was longer than it said
			p.chunk(d, t, text)
		}
	case trailers:
		if len(text) == 0 {
			p.finish(d, t)
		}
	}
	return protocols.Continue
}

// begin takes a start line.
func (p *parser) begin(d capture.Dir, t int64, text []byte, again bool) {
	s := &p.side[d]
	if d == capture.ToServer {
		if string(text) == prefaceLine {
			p.speakH2(len(preface) - len(prefaceLine) - len("\r\n"))
			return
		}
		method, target, ok := requestLine(text)
		if !ok {
			if !again {
				p.tell(t, toldRequest, "http_bad_request")
				s.phase = resync
			}
			return
		}
		p.enqueue(t, method, target)
	} else {
		status, ok := statusLine(text)
		if !ok {
			if !again {
				p.tell(t, toldResponse, "http_bad_response")
				s.phase = resync
			}
			return
		}
		p.status = status
	}
	s.phase, s.torn = fields, false
	s.reset()
}

func (p *parser) chunk(d capture.Dir, t int64, text []byte) {
	s := &p.side[d]
	n, ok := chunkSize(text)
	switch {
	case !ok:
		p.tell(t, toldChunk, "http_bad_chunk")
		s.torn = true
		p.over(d, t)
		s.phase = resync
	case n == 0:
		s.phase = trailers
	default:
		s.phase, s.left = chunkData, n
	}
}

// content takes octets of content whose number is known.
func (p *parser) content(d capture.Dir, t int64, b []byte) int {
	s := &p.side[d]
	n := int(min(uint64(len(b)), s.left))
	p.pass(d, t, b[:n])
	s.left -= uint64(n)
	if s.left == 0 {
		p.filled(d, t)
	}
	return n
}

func (p *parser) filled(d capture.Dir, t int64) {
	if s := &p.side[d]; s.phase == chunkData {
		s.phase = chunkTail
		return
	}
	p.finish(d, t)
}

// finish ends a message that was seen to its end.
func (p *parser) finish(d capture.Dir, t int64) {
	p.over(d, t)
	p.side[d].phase = startLine
}

// Gap implements protocols.Parser.
func (p *parser) Gap(d capture.Dir, t int64, n int, out protocols.Sink) {
	p.out = out
	if p.h2 != nil {
		p.h2.gap(d, n)
		return
	}
	s := &p.side[d]
	s.lines.Reset()
	s.torn = true
	if d == capture.ToClient {
		p.lostReply = true
	}
	switch s.phase {
	case sized, chunkData:
		if uint64(n) <= s.left { // counted through
			s.spoilt = true
			if s.left -= uint64(n); s.left == 0 {
				p.filled(d, t)
			}
			return
		}
	case untilClose:
		s.spoilt = true
		return
	}
	p.over(d, t)
	s.phase = resync
}

// Close implements protocols.Parser.
func (p *parser) Close(t int64, out protocols.Sink) {
	p.out = out
	if s := &p.side[capture.ToClient]; s.phase == untilClose {
		p.over(capture.ToClient, t)
	}
	for len(p.queue) > 0 {
		p.end(t, false)
	}
	if p.h2 != nil {
		p.h2.close(t)
		p.h2 = nil
	}
	for d := range p.side {
		p.letGo(&p.side[d].body)
	}
	p.abandon(t)
}

// tell reports an anomaly the first time.
func (p *parser) tell(t int64, what once, kind string) {
	if p.told&what == 0 {
		p.told |= what
		p.out.Anomaly(t, kind, nil)
	}
}
