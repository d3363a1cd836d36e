package http

import (
	"slices"

	"golang.org/x/net/http2/hpack"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// field takes a field of a header block.
func (s *half) field(f hpack.HeaderField) {
	s.known = min(s.known+int(f.Size()), maxTable)
	switch f.Name {
	case ":method":
		s.method = append(s.method[:0], f.Value[:min(len(f.Value), 32)]...)
	case ":path":
		s.target = append(s.target[:0], f.Value[:min(len(f.Value), maxTarget)]...)
	case ":authority":
		s.authority = append(s.authority[:0], f.Value[:min(len(f.Value), 300)]...)
	case ":status":
		if n, ok := line.Uint([]byte(f.Value)); ok && n < 1000 {
			s.status = int(n)
		}
	default:
		s.octets += int(f.Size())
		if s.count++; s.octets > maxHeader || s.count > maxFields {
			s.long = true
		} else if i, ok := slices.BinarySearch(names, f.Name); ok {
			keep(&s.header, i, f.Value)
		}
	}
}

// block is called when a header block is over: a request, a response, or trailers.
func (h *h2) block(d capture.Dir, t int64) {
	s := &h.half[d]
	if s.push {
		return
	}
	st := h.stream(s.owner)
	switch {
	case d == capture.ToServer && st == nil && s.owner > h.last:
		st = h.open(t, s.owner)
		h.request(t, st)
	case d == capture.ToClient && st != nil && !st.answered:
		if s.status < 200 && !s.ends { // more is to come (RFC 9110, section 15.2)
			return
		}
		h.response(t, st)
	}
	if s.ends {
		h.ended(d, t, h.stream(s.owner))
	}
}

func (h *h2) request(t int64, st *stream) {
	p, s, x := h.p, &h.half[capture.ToServer], st.x
	x.connect = string(s.method) == "CONNECT"
	authority := s.authority
	if len(authority) == 0 {
		authority = s.get("host")
	}
	if x.connect {
		host, port := hostPort(authority)
		x.tunnel.keep(host, port)
	}
	p.out.CountRequests(1)
	p.origin(&s.header, x)
	p.credentials(x, &s.header)
	if !x.connect {
		x.call = p.mail.Begin(p.mailRequest(x, s.method, s.target, hostOf(authority), &s.header))
	}
	p.legs(t, &s.header, x, false, hostOf(authority), s.method, s.target)
	p.decode(t, &st.body[capture.ToServer], &s.header, x.call != nil)
}

func (h *h2) response(t int64, st *stream) {
	p, s, x := h.p, &h.half[capture.ToClient], st.x
	st.answered = true
	p.status = s.status
	p.answered(t, x, &s.header)
	switch {
	case x.connect && p.granted(): // one stream of many becomes a tunnel; what is in it is not read
		p.tellTunnel(t, &x.tunnel, protocols.Accepted)
		p.refused.code = 0
	case x.connect:
		p.refuse(t, x)
	default:
		p.replied(t, x, &s.header)
	}
	p.decode(t, &st.body[capture.ToClient], &s.header, x.call != nil)
}

// ended is the end of one side of a stream.
func (h *h2) ended(d capture.Dir, t int64, st *stream) {
	if st == nil {
		return
	}
	if d == capture.ToClient {
		h.end(t, st, st.answered && st.body[d].whole())
		return
	}
	if x := st.x; !x.sent {
		x.sent = true
		if x.call != nil {
			x.call.RequestEnd(st.body[d].whole())
		}
	}
}
