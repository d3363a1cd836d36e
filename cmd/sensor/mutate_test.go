package main

import (
	"bytes"
	"math/rand/v2"
	"net/netip"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

// junk is what a hostile sender might put anywhere.
var junk = []string{
	"{4294967295}\r\n", "{18446744073709551615}\r\n", "{18446744073709551616}\r\n", "((((((((((((", "))))", "\"", "\\",
	"\r\n", "\n", "\r", ".\r\n", "\r\n.\r\n", "\x00", "\xff", "\x16\x03\x01\x02\x00", "1:*,*:1,4294967295:1,2:3",
	"BDAT 18446744073709551615 LAST\r\n", "250 ok\r\n", "354 go\r\n", "334 UGFzc3dvcmQ6\r\n", "235 ok\r\n", "500 no\r\n",
	"MAIL FROM:<>\r\n", "DATA\r\n", "RSET\r\n", "STARTTLS\r\n", "* 4294967295 EXISTS\r\n", "* 1 EXPUNGE\r\n",
	"* VANISHED 1:4294967295\r\n", "* 0 FETCH (UID 0 BODY[] \"x\")\r\n", "<18446744073709551615.18446744073709551615>",
	"* 4294967295 FETCH (UID 4294967295 BODY[]<18446744073709551615> {5}\r\nabcde)\r\n", "* ESEARCH ALL 1:4294967295\r\n",
	"A1 OK [COPYUID 1 1:4294967295 1:4294967295]\r\n", "=?utf-8?q?", "=?utf-8?b?====?=", "filename*0*=utf-8''%",
	"+OK\r\n", "-ERR\r\n", "+OK 9 18446744073709551615\r\n", "RETR 4294967296\r\n", "STLS\r\n", "a COMPRESS DEFLATE\r\n",
	"PUTSCRIPT \"x\" {18446744073709551615+}\r\n", "redirect \"${x}\";", "if allof(allof(allof(allof(", "text:\r\n..\r\n.\r\n",
	"HTTP/1.1 200 OK\r\n\r\n", "CONNECT a:25 HTTP/1.1\r\n\r\n", "Content-Length: 18446744073709551615\r\n",
	"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00", "\r\n0\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x01\x04", "\x05\x01\x02", "\x05\x00\x00\x03\xff", "\x04\x01\x00\x19\x00\x00\x00\x01\x00",
	"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff", "XCLIENT ADDR=192.0.2.1\r\n",
	"\x16\x03\x01\x40\x00\x01\xff\xff\xff\x03\x03", "\x17\x03\x03\xff\xff", "\x03\x01\x6a\x00\xff\xff\xff\xff\x7f", "[[[[[[[[{{{{{{{{\"", "<a><a><a><a><a>&#x",
	"Content-Type: multipart/mixed; boundary=\"a\"\r\n\r\n--a\r\n", "Content-Type: message/rfc822\r\n\r\n",
}

// spoil changes a few octets of b: flipped, inserted, deleted, repeated.
func spoil(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(3) {
		if len(b) == 0 {
			return b
		}
		i := r.IntN(len(b))
		end := min(len(b), i+1+r.IntN(40))
		switch r.IntN(5) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b[i] = byte(r.IntN(256))
		case 2:
			b = append(b[:i], b[end:]...)
		case 3:
			b = append(append(bytes.Clone(b[:i]), junk[r.IntN(len(junk))]...), b[i:]...)
		case 4:
			b = append(append(bytes.Clone(b[:end]), b[i:end]...), b[end:]...)
		}
	}
	return b
}

// spoilFrames spoils whole frames, headers and all, and their times.
func spoilFrames(r *rand.Rand, frames []synth.Frame) []synth.Frame {
	out := append([]synth.Frame(nil), frames...)
	for range 1 + len(out)/20 {
		f := &out[r.IntN(len(out))]
		switch r.IntN(3) {
		case 0:
			f.Bytes = bytes.Clone(f.Bytes)
			f.Bytes[r.IntN(min(len(f.Bytes), 60))] = byte(r.IntN(256))
		case 1:
			f.Bytes = spoil(r, f.Bytes)
		case 2:
			f.Time += r.Int64N(2e12) - 1e12
		}
	}
	return out
}

// conversation is what was said in one connection, segment by segment.
type conversation struct {
	cfg   synth.Config
	start int64
	turns []synth.Turn
}

// conversations takes the conversations out of a sample.
func conversations(frames []synth.Frame) (list []*conversation) {
	open := make(map[capture.Key]*conversation)
	segments(frames, func(f *synth.Frame, s *capture.Segment) {
		if s == nil {
			return
		}
		from := netip.AddrPortFrom(netip.AddrFrom16(s.Key.Low).Unmap(), s.Key.LowPort)
		to := netip.AddrPortFrom(netip.AddrFrom16(s.Key.High).Unmap(), s.Key.HighPort)
		if !s.FromLow {
			from, to = to, from
		}
		d := open[s.Key]
		if d == nil || s.Flags&(capture.SYN|capture.ACK) == capture.SYN {
			d = &conversation{cfg: synth.Config{Client: from, Server: to}, start: f.Time}
			open[s.Key], list = d, append(list, d)
		}
		turn := synth.Turn{Dir: capture.ToServer, Time: f.Time, Bytes: bytes.Clone(s.Payload)}
		if from != d.cfg.Client {
			turn.Dir = capture.ToClient
		}
		if len(turn.Bytes) > 0 {
			d.turns = append(d.turns, turn)
		}
	})
	return list
}

// spoilSpeech spoils what was said, in streams that are as they should be.
func spoilSpeech(r *rand.Rand, list []*conversation) []synth.Frame {
	var all [][]synth.Frame
	for _, d := range list {
		var turns []synth.Turn
		for _, turn := range d.turns {
			switch r.IntN(30) {
			case 0, 1, 2:
				turn.Bytes = spoil(r, turn.Bytes)
			case 3:
				continue
			case 4:
				turns = append(turns, turn)
			case 5:
				turn.Gap = r.IntN(100)
			case 6:
				turn.Dir = turn.Dir.Other()
			case 7: // what was said elsewhere
				if other := list[r.IntN(len(list))].turns; len(other) > 0 {
					turn.Bytes = other[r.IntN(len(other))].Bytes
				}
			}
			turns = append(turns, turn)
		}
		cfg := d.cfg
		cfg.ISN = [2]uint32{r.Uint32(), r.Uint32()}
		if r.IntN(4) == 0 {
			cfg.MSS = 1 + r.IntN(40)
		}
		all = append(all, synth.FromDialogue(cfg, d.start, turns))
	}
	return synth.Merge(all...)
}
