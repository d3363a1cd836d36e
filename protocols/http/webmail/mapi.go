package webmail

import "bytes"

// MAPI over HTTP (MS-OXCMAPIHTTP): the content is remote operations in a form of their
// own, of which only the kind of request and the octets are told.
func (s *Set) mapi(r *Request, query []byte) *call {
	c := s.call()
	c.begin(s, silent{}, "mapi", r)
	kind := r.Header("x-requesttype")
	c.operation(string(kind[:min(len(kind), 64)]))
	c.mailbox = keep(c.mailbox, parameter(query, "MailboxId"), maxName)
	return c
}

// maxPreamble bounds what is read before the content of a response.
const maxPreamble = 4 << 10

// mapiPreamble reads what comes before the content (MS-OXCMAPIHTTP, section 2.2.2.2):
// PROCESSING and PENDING while the server works, then DONE and header fields, of which
// the response code is the one that counts.
func (c *call) mapiPreamble(b []byte) {
	for _, ch := range b {
		if c.mark++; c.mark > maxPreamble {
			c.form = unread
			return
		}
		if ch != '\n' {
			if len(c.word) < 256 {
				c.word = append(c.word, ch)
			}
			continue
		}
		text := bytes.TrimRight(c.word, "\r")
		if name, v, ok := bytes.Cut(text, []byte{':'}); ok && is(name, "X-ResponseCode") {
			c.oks, c.noes = 0, 0 // what the header of the response said was only that work begins
			c.verdict(string(bytes.TrimSpace(v)) == "0")
		}
		if c.word = c.word[:0]; len(text) == 0 {
			c.form = unread
			return
		}
	}
}
