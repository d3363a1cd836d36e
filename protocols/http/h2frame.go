package http

import (
	"encoding/binary"

	"mailsensor/capture"
)

// framePhase says what the next octets of a direction are.
type framePhase uint8

const (
	frameHead framePhase = iota
	prefix               // of the payload: length of padding, priority, promised stream
	payload
	skipping // padding, the preface, payload of no interest
)

// frame is the header of one (RFC 9113, section 4.1).
type frame struct {
	kind, flags byte
	stream      uint32
}

// Kinds of frames (section 6) and their flags.
const (
	data         = 0
	headers      = 1
	rstStream    = 3
	pushPromise  = 5
	continuation = 9

	endStream  = 0x1
	endHeaders = 0x4
	padded     = 0x8
	priority   = 0x20

	frameHeader = 9
)

// parse takes the next octets of a direction and returns how many; 0: more are needed.
func (h *h2) parse(d capture.Dir, t int64, b []byte) (n int) {
	s := &h.half[d]
	if s.dead {
		return len(b)
	}
	switch s.phase {
	case frameHead:
		if len(b) < frameHeader {
			return 0
		}
		s.left = int(b[0])<<16 | int(b[1])<<8 | int(b[2])
		s.frame = frame{b[3], b[4], binary.BigEndian.Uint32(b[5:]) &^ (1 << 31)}
		n = frameHeader
		h.begin(d, t)
	case prefix:
		if n = s.prefix(); len(b) < n {
			return 0
		}
		h.prefixed(d, b[:n])
	case payload:
		n = min(len(b), s.left)
		s.left -= n
		h.payload(d, t, b[:n])
	case skipping:
		n = min(len(b), s.left)
		s.left -= n
	}
	for s.left == 0 && !s.dead && s.phase >= payload {
		h.next(d, t)
	}
	return n
}

// next goes on behind a phase that is over.
func (h *h2) next(d capture.Dir, t int64) {
	s := &h.half[d]
	if s.phase == payload && s.pad > 0 {
		s.phase, s.left, s.pad = skipping, s.pad, 0
		return
	}
	s.phase = frameHead
	h.over(d, t)
}

// prefix is how many octets stand before what a frame carries.
func (s *half) prefix() (n int) {
	if f := &s.frame; f.kind == data || f.kind == headers || f.kind == pushPromise {
		if f.flags&padded != 0 {
			n++
		}
		if f.kind == headers && f.flags&priority != 0 {
			n += 5
		}
		if f.kind == pushPromise {
			n += 4
		}
	}
	return n
}

// begin looks at the header of a frame.
func (h *h2) begin(d capture.Dir, t int64) {
	s := &h.half[d]
	s.pad, s.phase = 0, payload
	f := &s.frame
	if s.block != (f.kind == continuation) || s.block && f.stream != s.owner || s.prefix() > s.left {
		h.spoil(d, t)
		return
	}
	switch f.kind {
	case headers, pushPromise:
		s.block, s.owner, s.ends, s.push = true, f.stream, f.kind == headers && f.flags&endStream != 0, f.kind == pushPromise
		s.reset()
		s.line1.keep(nil, nil)
		s.authority, s.status = s.authority[:0], 0
	case data, continuation:
	default:
		s.phase = skipping
	}
	if s.prefix() > 0 {
		s.phase = prefix
	}
}

// prefixed takes the octets before the payload.
func (h *h2) prefixed(d capture.Dir, b []byte) {
	s := &h.half[d]
	s.phase = payload
	s.left -= len(b)
	if s.frame.flags&padded != 0 {
		if s.pad = int(b[0]); s.pad > s.left {
			s.dead = true
			return
		}
		s.left -= s.pad
	}
}

// payload hands on what a frame carries.
func (h *h2) payload(d capture.Dir, t int64, b []byte) {
	s := &h.half[d]
	switch {
	case len(b) == 0:
	case s.frame.kind == data:
		if st := h.stream(s.frame.stream); st != nil {
			h.p.deliver(d, t, st.x, &st.body[d], b)
		}
	default:
		if _, err := s.decoder.Write(b); err != nil {
			h.spoil(d, t)
		}
	}
}

// over is called at the end of a frame.
func (h *h2) over(d capture.Dir, t int64) {
	s := &h.half[d]
	f := &s.frame
	switch f.kind {
	case data:
		if f.flags&endStream != 0 {
			h.ended(d, t, h.stream(f.stream))
		}
	case headers, pushPromise, continuation:
		if f.flags&endHeaders == 0 {
			return
		}
		s.block = false
		if s.decoder.Close() != nil {
			h.spoil(d, t)
			return
		}
		if s.long {
			h.p.tell(t, toldLong, "http_long_header")
		}
		h.block(d, t)
		s.wipe()
	case rstStream:
		if st := h.stream(f.stream); st != nil {
			h.end(t, st, false)
		}
	}
}

// spoil gives a direction up: what comes is no HTTP/2, or cannot be told.
func (h *h2) spoil(d capture.Dir, t int64) {
	h.half[d].dead = true
	h.p.tell(t, toldFrame, "http_bad_frame")
}
