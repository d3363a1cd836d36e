package detectors

import (
	"bytes"
	"encoding/json"
)

// AppendJSON appends the alert as one JSON object without a newline. The fields
// are described in docs/alerts.md.
func (a *Alert) AppendJSON(dst []byte) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil { // a number that is none, at most
		return append(dst, "{}"...)
	}
	return AppendEscaped(dst, bytes.TrimRight(b.Bytes(), "\n"))
}

// AppendEscaped appends a JSON text with DEL and the C1 controls escaped, which
// JSON lets stand within strings: it may go to a terminal.
func AppendEscaped(dst, in []byte) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(in); i++ {
		switch c := in[i]; {
		case c == 0x7f:
			dst = append(dst, `\u007f`...)
		case c == 0xc2 && i+1 < len(in) && in[i+1] < 0xa0:
			i++
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[in[i]>>4], hex[in[i]&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
