package script

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// notify takes whom a notify command tells of the mail: a URI (RFC 5435, section
// 3), or, in the extension before it, a method and its options.
func (r *Reader) notify(f *frame) {
	if m := r.value(f, "method"); len(m) > 0 {
		r.addAll(protocols.ActionNotify, r.value(f, "options"), true)
		return
	}
	for _, a := range r.group(f, 0) {
		r.each(&a, r.tell)
	}
}

// tell takes the URI of a notification.
func (r *Reader) tell(uri []byte, unresolved bool) {
	uri = bytes.TrimSpace(uri)
	if !line.HasPrefixFold(uri, "MAILTO:") {
		r.add(protocols.ActionNotify, uri, true, unresolved)
		return
	}
	for _, to := range recipients(uri[len("mailto:"):]) {
		r.add(protocols.ActionNotify, to, true, unresolved)
	}
}

// recipients returns the addresses of a mailto URI behind its scheme: those of the
// path and of the fields to, cc and bcc (RFC 6068, section 2).
func recipients(uri []byte) (list [][]byte) {
	path, query, _ := bytes.Cut(uri, []byte("?"))
	list = addresses(list, path)
	for len(query) > 0 {
		var field []byte
		field, query, _ = bytes.Cut(query, []byte("&"))
		name, value, _ := bytes.Cut(field, []byte("="))
		if line.EqualFold(name, "TO") || line.EqualFold(name, "CC") || line.EqualFold(name, "BCC") {
			list = addresses(list, value)
		}
	}
	return list
}

// addresses splits at commas before it decodes: a comma within an address is
// written as %2C.
func addresses(list [][]byte, b []byte) [][]byte {
	for len(b) > 0 {
		var one []byte
		one, b, _ = bytes.Cut(b, []byte(","))
		if one = bytes.TrimSpace(percentDecode(one)); len(one) > 0 && len(list) < maxActions {
			list = append(list, mailbox(one))
		}
	}
	return list
}

func percentDecode(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) && isHex(b[i+1]) && isHex(b[i+2]) {
			out = append(out, hexValue(b[i+1])<<4|hexValue(b[i+2]))
			i += 2
			continue
		}
		out = append(out, b[i])
	}
	return out
}
