package main

import (
	"encoding/binary"

	"mailsensor/capture"
)

// tlsSession looks like TLS 1.3 (RFC 8446) from outside: hellos, then records
// of noise.
type tlsSession struct {
	*flow
	greeted  bool
	download bool
	records  int
}

const (
	recordHandshake = 22
	recordData      = 23
	largestRecord   = 16_384
)

// newDownload is a session of which nearly all is large records of the server.
func newDownload(f *flow) session {
	return &tlsSession{flow: f, records: 20 + f.g.rng.IntN(300), download: true}
}

func newTLS(f *flow) session { return &tlsSession{flow: f, records: 4 + f.g.rng.IntN(30)} }

func (s *tlsSession) more(ending bool) bool {
	switch {
	case !s.greeted:
		s.greeted = true
		s.hello(client, 1, 300)
		s.hello(server, 2, 90)
		s.record(server, 2500)
		s.record(client, 58)
	case ending || s.records == 0:
		return false
	case s.download:
		s.records--
		s.record(server, largestRecord)
	default:
		s.records--
		s.record(client, 60+s.g.rng.IntN(400))
		s.record(server, 2000+s.g.rng.IntN(largestRecord-2000))
	}
	return true
}

// hello is a ClientHello (1) or a ServerHello (2) of n octets in outline: the
// lengths are right, what they enclose is an unknown extension.
func (s *tlsSession) hello(d capture.Dir, kind byte, n int) {
	start := len(s.buf)
	s.buf = append(s.buf, recordHandshake, 3, 1)
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(n+4))
	s.buf = append(s.buf, kind, 0, byte(n>>8), byte(n), 3, 3)
	s.buf = append(s.buf, s.g.corpus.noiseSlice(s.g.rng, 32)...)
	s.buf = append(s.buf, 0) // no session id
	if kind == 1 {
		s.buf = append(s.buf, 0, 2, 0x13, 1, 1, 0) // one cipher suite, one compression
	} else {
		s.buf = append(s.buf, 0x13, 1, 0)
	}
	rest := n - (len(s.buf) - start - 9) - 6
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(rest+4))
	s.buf = append(s.buf, 0xFA, 0xFA) // a reserved extension (RFC 8701)
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(rest))
	s.buf = append(s.buf, s.g.corpus.noiseSlice(s.g.rng, rest)...)
	s.said(d, start)
}

func (s *tlsSession) record(d capture.Dir, n int) {
	start := len(s.buf)
	s.buf = append(s.buf, recordData, 3, 3)
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(n))
	s.buf = append(s.buf, s.g.corpus.noiseSlice(s.g.rng, n)...)
	s.said(d, start)
}
