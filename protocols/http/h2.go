package http

import (
	"slices"

	"golang.org/x/net/http2/hpack"

	"mailsensor/capture"
)

// HTTP/2 in clear text (RFC 9113): spoken at once by a client that knows (section
// 3.3), or after an upgrade from HTTP/1.1. Frames are walked here; hpack decodes the
// header blocks. Where octets of a block are lost, so is the decoder's state, and
// nothing of that direction can be read any more.

// The client's preface (section 3.4), whose first line is that of a request.
const (
	preface     = prefaceLine + "\r\n\r\nSM\r\n\r\n"
	prefaceLine = "PRI * HTTP/2.0"
)

// Bounds.
const (
	maxStreams = 256      // open at once
	maxTable   = 64 << 10 // octets of a direction's dynamic table
	maxString  = 32 << 10 // octets of a field's name or value
)

// h2 follows the streams of one connection.
type h2 struct {
	p       *parser
	half    [2]half
	streams []*stream // open, by number
	last    uint32    // the client's highest
}

// half is one direction.
type half struct {
	phase framePhase
	frame frame
	left  int  // octets of the present phase
	pad   int  // octets of padding behind the payload
	block bool // a header block is open: only CONTINUATION may follow (section 6.10)
	ends  bool // and the stream with it
	push  bool // it is a promise, of which only the decoder takes notice
	owner uint32
	dead  bool // what comes cannot be read

	decoder *hpack.Decoder
	header
	line1     // :method, :path
	authority []byte
	status    int
	known     int // octets of the decoder's table, at most
}

// stream is an exchange.
type stream struct {
	number   uint32
	x        *exchange
	body     [2]body
	answered bool // the final response came
}

// speakH2 goes on in HTTP/2. The client has skip octets of its preface left.
func (p *parser) speakH2(skip int) {
	h := &h2{p: p}
	p.h2 = h
	for d := range h.half {
		s := &h.half[d]
		s.decoder = hpack.NewDecoder(4096, s.field)
		s.decoder.SetAllowedMaxDynamicTableSize(maxTable)
		s.decoder.SetMaxStringLength(maxString)
	}
	h.half[capture.ToServer].phase, h.half[capture.ToServer].left = skipping, skip
}

// upgrade goes on in HTTP/2 with the answer to x, which is stream 1 (RFC 7540,
// section 3.2).
func (p *parser) upgrade(t int64, x *exchange) {
	if p.sending == x { // the request has to be over by then
		p.over(capture.ToServer, t)
	}
	p.queue, p.now = p.queue[:copy(p.queue, p.queue[1:])], nil
	p.speakH2(len(preface))
	p.h2.streams = append(p.h2.streams, &stream{number: 1, x: x})
	p.h2.last = 1
}

// find returns where a stream stands, or would.
func (h *h2) find(number uint32) (int, bool) {
	return slices.BinarySearchFunc(h.streams, number, func(s *stream, n uint32) int { return int(int64(s.number) - int64(n)) })
}

func (h *h2) stream(number uint32) *stream {
	if i, ok := h.find(number); ok {
		return h.streams[i]
	}
	return nil
}

// open begins the stream of a request.
func (h *h2) open(t int64, number uint32) *stream {
	if len(h.streams) == maxStreams {
		h.p.tell(t, toldPipeline, "http_pipeline")
		h.end(t, h.streams[0], false)
	}
	h.last = number
	s := &stream{number: number, x: h.p.newExchange()}
	h.streams = append(h.streams, s) // numbers only grow
	return s
}

// end tells what an exchange did.
func (h *h2) end(t int64, s *stream, whole bool) {
	if i, ok := h.find(s.number); ok {
		h.streams = slices.Delete(h.streams, i, i+1)
	}
	for d := range s.body {
		h.p.letGo(&s.body[d])
	}
	h.p.conclude(t, s.x, whole)
	h.p.put(s.x)
}

// gap says that octets of a direction are lost. Those of content are counted through.
func (h *h2) gap(d capture.Dir, n int) {
	s := &h.half[d]
	if s.dead {
		return
	}
	if st := h.stream(s.frame.stream); st != nil {
		st.body[d].torn = true
	}
	plain := s.phase == payload && s.frame.kind == data || s.phase == skipping
	if !plain || n > s.left {
		s.dead = true
		for _, st := range h.streams {
			st.body[d].torn = true
		}
		return
	}
	if st := h.stream(s.frame.stream); st != nil {
		st.body[d].spoilt = true
	}
	s.left -= n
}

func (h *h2) close(t int64) {
	for len(h.streams) > 0 {
		h.end(t, h.streams[0], false)
	}
}
