package main

import (
	"bytes"
	"fmt"
	"time"
)

const (
	smallestBody = 2_000
	largestBody  = 60_000
)

// message makes a message in g.text, valid until the next one, for traffic of
// the kind k. An attachment is added when the kind has too little of them.
func (g *generator) message(k *kind) []byte {
	n := smallestBody + g.rng.IntN(largestBody-smallestBody)
	g.messages++
	attach := float64(k.attached) < attachmentShare*float64(k.said)
	b := g.appendHeaders(g.text[:0], attach)
	if attach {
		b = g.appendParts(b, k, n)
	} else {
		b = g.corpus.appendProse(append(b, '\r', '\n'), g.rng, n)
	}
	g.text = b
	return b
}

func (g *generator) appendHeaders(b []byte, multipart bool) []byte {
	from, to := g.person(), g.person()
	date := time.Unix(0, g.last).UTC().Format(time.RFC1123Z)
	b = fmt.Appendf(b, "Received: from host%d.corp.example (unknown [10.1.%d.%d])\r\n\tby mx.corp.example (Postfix) with ESMTP id %08X;\r\n\t%s\r\n",
		g.rng.IntN(1000), g.rng.IntN(256), g.rng.IntN(256), g.rng.Uint32(), date)
	b = fmt.Appendf(b, "Date: %s\r\nFrom: %s\r\nTo: %s\r\n", date, from, to)
	b = append(b, "Subject: "...)
	b = g.corpus.appendProse(b, g.rng, proseLineLen)
	b = bytes.TrimRight(b, " \r\n")
	b = fmt.Appendf(b, "\r\nMessage-ID: <%d.%x@corp.example>\r\nUser-Agent: Mozilla Thunderbird\r\nMIME-Version: 1.0\r\n",
		g.messages, g.rng.Uint64())
	if multipart {
		return append(b, "Content-Type: multipart/mixed; boundary=\"=_"+boundary+"\"\r\n"...)
	}
	return append(b, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n"...)
}

const boundary = "b1_4f1c2a7d9e"

// appendParts appends a text and one to three attachments of n octets in all,
// most of them in the attachments.
func (g *generator) appendParts(b []byte, k *kind, n int) []byte {
	files := n * (60 + g.rng.IntN(35)) / 100
	b = append(b, "\r\n--=_"+boundary+"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"...)
	b = g.corpus.appendProse(b, g.rng, n-files)
	count := 1 + g.rng.IntN(3)
	for range count {
		b = append(b, "\r\n--=_"+boundary+"\r\n"...)
		b = fmt.Appendf(b, "Content-Type: application/pdf; name=\"report-%d.pdf\"\r\nContent-Disposition: attachment; filename=\"report-%[1]d.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", g.rng.IntN(1e6))
		before := len(b)
		b = g.corpus.appendBase64(b, g.rng, files/count)
		k.attached += int64(len(b) - before)
		g.truth.AttachmentBytes += int64(len(b) - before)
	}
	return append(b, "\r\n--=_"+boundary+"--\r\n"...)
}

func (g *generator) person() string {
	return fmt.Sprintf("user%d@%s", g.rng.IntN(accounts), [...]string{"corp.example", "partner.test", "mail.example"}[g.rng.IntN(3)])
}

// appendStuffed appends content as DATA sends it, with the dots doubled and
// the end marked (RFC 5321, section 4.5.2).
func appendStuffed(dst, content []byte) []byte {
	if bytes.HasPrefix(content, []byte{'.'}) {
		dst = append(dst, '.')
	}
	for {
		i := bytes.Index(content, []byte("\r\n."))
		if i < 0 {
			break
		}
		dst = append(append(dst, content[:i+3]...), '.')
		content = content[i+3:]
	}
	dst = append(dst, content...)
	return append(dst, ".\r\n"...)
}
