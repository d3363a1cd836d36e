package mime

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"mailsensor/protocols"
)

const header = "From: A B <a@example.com>\r\nTo: c@example.com, \"D\" <d@example.com>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" +
	"Received: from a.example (a.example [192.0.2.1]) by b.example with ESMTP id 1; Mon, 1 Jan 2024 00:00:00 +0000\r\n" +
	"Message-ID: <1@example.com>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMIME-Version: 1.0\r\n"

// plainMessage has a text of n octets.
func plainMessage(n int) []byte {
	const line = "The quick brown fox jumps over the lazy dog - and over well-known words.\r\n"
	return []byte(header + "\r\n" + strings.Repeat(line, n/len(line)))
}

// mixedMessage has a text and a base64 attachment of about n octets each.
func mixedMessage(text, n int) []byte {
	data := make([]byte, n/4*3)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	code := base64.StdEncoding.EncodeToString(data)
	var s strings.Builder
	s.WriteString(header + "Content-Type: multipart/mixed; boundary=\"=_boundary\"\r\n\r\n--=_boundary\r\nContent-Type: text/plain\r\n\r\n")
	const line = "The quick brown fox jumps over the lazy dog - and over well-known words.\r\n"
	s.WriteString(strings.Repeat(line, text/len(line)))
	s.WriteString("--=_boundary\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for len(code) > 76 {
		s.WriteString(code[:76] + "\r\n")
		code = code[76:]
	}
	s.WriteString(code + "\r\n--=_boundary--\r\n")
	return []byte(s.String())
}

// htmlMessage is full of links, in quoted-printable.
func htmlMessage(n int) []byte {
	const line = "<a href=3D\"https://www.example.com/a?b=3Dc\">some text: more of it</a><br style=\r\n=3D\"color: red\">\r\n"
	return []byte(header + "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + strings.Repeat(line, n/len(line)))
}

func BenchmarkMessage(b *testing.B) {
	for _, bb := range []struct {
		name    string
		message []byte
		want    Options
	}{
		{"plain-30k", plainMessage(30 << 10), Options{Hash: true}},
		{"text-in-multipart", mixedMessage(300<<10, 0), Options{}},
		{"base64", mixedMessage(0, 300<<10), Options{}},
		{"base64-sha256", mixedMessage(0, 300<<10), Options{Hash: true}},
		{"half-30k", mixedMessage(15<<10, 15<<10), Options{}},
		{"half-30k-sha256", mixedMessage(15<<10, 15<<10), Options{Hash: true}},
		{"plain-30k-links", plainMessage(30 << 10), Options{Links: true}},
		{"html-30k-links", htmlMessage(30 << 10), Options{Links: true}},
		{"half-30k-sha256-links", mixedMessage(15<<10, 15<<10), Options{Hash: true, Links: true}},
		{"header-only", plainMessage(0), Options{}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var p Parser
			var f protocols.Facts
			b.SetBytes(int64(len(bb.message)))
			b.ReportAllocs()
			for b.Loop() {
				segments(&p, &f, bb.message, bb.want)
			}
		})
	}
}
