package forward

import (
	"bytes"
	"strings"

	"mailsensor/detectors"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// announced reports whether a message says by itself that it was sent on, or made, by
// a program: by fields of RFC 5322, section 3.6.6, of RFC 3834, section 5, and of mail
// servers, or by an envelope sender that a forwarder rewrote.
func announced(e *protocols.Message) bool {
	f := &e.Facts
	return len(f.ResentFrom) > 0 || f.AutoForwarded || len(f.ForwardedTo) > 0 || automatic(f.AutoSubmitted) || rewritten(e.From)
}

// marks says how it does, for a person.
func marks(e *protocols.Message) string {
	var list []string
	f := &e.Facts
	if len(f.ResentFrom) > 0 {
		list = append(list, "Resent-From: "+detectors.Text(f.ResentFrom))
	}
	if f.AutoForwarded {
		list = append(list, "forwarded by a rule")
	}
	if len(f.ForwardedTo) > 0 {
		list = append(list, "forwarded to "+detectors.Text(f.ForwardedTo))
	}
	if automatic(f.AutoSubmitted) {
		list = append(list, "Auto-Submitted: "+detectors.Text(f.AutoSubmitted))
	}
	if rewritten(e.From) {
		list = append(list, "envelope sender rewritten by a forwarder (SRS)")
	}
	return strings.Join(list, ", ")
}

// automatic reports whether a value of Auto-Submitted says that no person sent the
// message, and that it is no answer (RFC 3834, section 5: a vacation notice).
func automatic(v []byte) bool {
	word := bytes.TrimSpace(v)
	if i := bytes.IndexAny(word, "; \t("); i >= 0 {
		word = word[:i]
	}
	return len(word) > 0 && !line.EqualFold(word, "NO") && !line.EqualFold(word, "AUTO-REPLIED")
}

// rewritten reports whether an envelope sender is one of the Sender Rewriting Scheme:
// SRS0=hash=tt=domain=local@forwarder.
func rewritten(from []byte) bool {
	from = bytes.TrimLeft(from, "< ")
	return len(from) > 5 && (line.EqualFold(from[:4], "SRS0") || line.EqualFold(from[:4], "SRS1")) && bytes.IndexByte([]byte("=+-"), from[4]) >= 0
}
