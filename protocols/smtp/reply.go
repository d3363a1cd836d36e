package smtp

import (
	"bytes"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// reply is the multi-line reply that is being read (RFC 5321, section 4.2.1).
type reply struct {
	open bool // lines with a hyphen behind the code came; the last is to come
}

func positive(code uint16) bool { return code >= 200 && code < 300 }

// server takes one line of the server.
func (p *parser) server(t int64, b []byte) (n int, act protocols.Action) {
	p.heard = true
	text, n, end := p.lines[capture.ToClient].Next(b)
	if end == line.Wait || end == line.Skipped || end == line.LastSkipped {
		return n, protocols.Continue
	}
	switch p.tls { // the client has to speak first (RFC 3207, section 4)
	case begunTLS:
		p.out.Anomaly(t, "smtp_starttls_injection", nil)
		p.tls = spoiltTLS
		return n, protocols.Continue
	case spoiltTLS:
		return n, protocols.Continue
	}
	code, more, text, ok := replyLine(text)
	switch {
	case !ok && (p.reply.open || p.lost[capture.ToClient]):
	case !ok:
		p.tell(t, toldBadReply, "smtp_bad_reply")
	case more:
		p.reply.open = true
		p.lost[capture.ToClient] = false
		p.capability(t, code, text)
	default:
		p.reply.open = false
		p.lost[capture.ToClient] = false
		if p.lost[capture.ToServer] { // no command straddles a reply
			p.stale, p.waiting = p.stale+p.waiting, 0
		}
		p.capability(t, code, text)
		return n, p.replied(t, code, text)
	}
	return n, protocols.Continue
}

// replyLine splits a line of a reply. Any three digits are a code. Some servers
// send an enhanced status code (RFC 2034) alone: its class is taken for a code.
func replyLine(b []byte) (code uint16, more bool, text []byte, ok bool) {
	b = line.TrimLeft(b)
	v, rest, ok := line.Number(b)
	switch digits := len(b) - len(rest); {
	case !ok:
		return 0, false, nil, false
	case digits == 3 && v >= 100 && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t'):
		return uint16(v), false, line.TrimLeft(rest), true
	case digits == 3 && v >= 100 && rest[0] == '-':
		return uint16(v), true, rest[1:], true
	case digits == 1 && (v == 2 || v == 4 || v == 5) && len(rest) > 1 && rest[0] == '.' && rest[1] >= '0' && rest[1] <= '9':
		return uint16(v) * 100, false, b, true
	}
	return 0, false, nil, false
}

// capability looks for what is left of STARTTLS in a reply to EHLO.
func (p *parser) capability(t int64, code uint16, text []byte) {
	if code == 250 && p.queue.len() > 0 && p.queue.first().kind == hello && line.Overwritten(line.Trim(text), "STARTTLS") {
		p.tell(t, toldStripped, "smtp_starttls_stripped")
	}
}

// queueID is what the server calls the message it took, where the text of its
// reply has one of the forms that common servers use; nil: not recognised.
func queueID(text []byte) []byte {
	for _, mark := range [...]string{"queued as ", "id=", "InternalId=", " qp "} {
		if _, after, ok := bytes.Cut(text, []byte(mark)); ok {
			return idWord(after)
		}
	}
	if before, _, ok := bytes.Cut(text, []byte(" Message accepted")); ok {
		return idWord(before[bytes.LastIndexByte(before, ' ')+1:])
	}
	return nil
}

func idWord(b []byte) []byte {
	n := bytes.IndexAny(b, " \t,;])")
	if n < 0 {
		n = len(b)
	}
	return b[:min(n, 64)]
}

// queued reports whether a reply can only be about content that was taken.
func queued(text []byte) bool {
	return queueID(text) != nil || bytes.Contains(text, []byte("ueued"))
}
