package summary

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"runtime"
	"sync"

	"mailsensor/detectors"
)

// Write writes d as one indented JSON document. Control characters beyond ASCII,
// which JSON lets stand, are escaped: it may go to a terminal.
func (d *Document) Write(w io.Writer) error {
	frame := *d
	frame.Hosts, frame.Accounts = []Host{}, []Account{}
	var whole encoder
	if err := whole.add(&frame, 0); err != nil {
		return err
	}
	// Quotes within strings are escaped: nothing else can look like these.
	before, rest, _ := bytes.Cut(whole.text, []byte(`"hosts": []`))
	between, after, _ := bytes.Cut(rest, []byte(`"accounts": []`))
	out := &joined{w: w}
	out.write(before, []byte(`"hosts": `))
	writeList(out, d.Hosts)
	out.write(between, []byte(`"accounts": `))
	writeList(out, d.Accounts)
	out.write(after, []byte{'\n'})
	return out.err
}

// joined writes until there is an error, and keeps that.
type joined struct {
	w   io.Writer
	err error
}

func (j *joined) write(parts ...[]byte) {
	for _, p := range parts {
		if j.err == nil {
			_, j.err = j.w.Write(p)
		}
	}
}

// writeList writes a member of the document that may be very long, on all processors:
// nothing else happens meanwhile.
func writeList[T any](out *joined, list []T) {
	if len(list) == 0 {
		out.write([]byte("[]"))
		return
	}
	const piece = 64
	type part struct {
		encoder
		err error
	}
	parts := make([]part, runtime.GOMAXPROCS(0))
	out.write([]byte("["))
	for first := 0; first < len(list) && out.err == nil; first += piece * len(parts) {
		var all sync.WaitGroup
		for i := range parts {
			p, from := &parts[i], min(first+i*piece, len(list))
			p.text = p.text[:0]
			all.Go(func() {
				for k := from; k < min(from+piece, len(list)) && p.err == nil; k++ {
					if k > 0 {
						p.text = append(p.text, ',')
					}
					p.text = append(p.text, "\n    "...)
					if h, ok := any(&list[k]).(*Host); ok && h.plain() {
						p.text = h.append(p.text, 2)
						continue
					}
					p.err = p.add(&list[k], 2)
				}
			})
		}
		all.Wait()
		for i := range parts {
			out.err = cmp.Or(out.err, parts[i].err)
			out.write(parts[i].text)
		}
	}
	out.write([]byte("\n  ]"))
}

// encoder lays out values, one after the other.
type encoder struct {
	compact bytes.Buffer
	text    []byte
}

// add appends v to e.text as JSON, laid out as json.Indent would at a depth.
func (e *encoder) add(v any, depth int) error {
	e.compact.Reset()
	enc := json.NewEncoder(&e.compact)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	e.text = indent(e.text, bytes.TrimSuffix(e.compact.Bytes(), []byte("\n")), depth)
	return nil
}

// indent appends a compact JSON text as json.Indent would lay it out, and escapes as
// it goes.
func indent(dst, in []byte, depth int) []byte {
	newline := func() {
		dst = append(dst, '\n')
		for range depth {
			dst = append(dst, ' ', ' ')
		}
	}
	for i := 0; i < len(in); {
		n := 1
		switch c := in[i]; c {
		case '"':
			var plain bool
			if n, plain = stringAt(in[i:]); plain {
				dst = append(dst, in[i:i+n]...)
			} else {
				dst = detectors.AppendEscaped(dst, in[i:i+n])
			}
		case ':':
			dst = append(dst, ": "...)
		case ',':
			dst = append(dst, c)
			newline()
		case '{', '[':
			if in[i+1] == c+2 { // the bracket that closes it
				dst = append(dst, c, c+2)
				n = 2
				break
			}
			dst = append(dst, c)
			depth++
			newline()
		case '}', ']':
			depth--
			newline()
			dst = append(dst, c)
		default:
			dst = append(dst, c)
		}
		i += n
	}
	return dst
}

// stringAt is the length of the JSON string at the beginning of in, quotes included, and
// whether it has nothing that is to be escaped.
func stringAt(in []byte) (n int, plain bool) {
	plain = true
	for n = 1; in[n] != '"'; n++ {
		switch {
		case in[n] == '\\':
			n++
		case in[n] >= 0x7f:
			plain = false
		}
	}
	return n + 1, plain
}
