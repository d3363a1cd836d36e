package summary

import (
	"reflect"
	"strconv"
	"strings"
)

// member is a field of a struct of counts, as JSON has it.
type member struct {
	name  string // quoted, with the colon
	index []int
	conf  bool // a Confidence, which is left out where it is Exact
}

// layout of a struct that has counts and confidences alone. Of those of many hosts a
// document is made for the most part, and by encoding/json it took three times as long.
type layout []member

var (
	smtpLayout  = layoutOf[SMTP]()
	imapLayout  = layoutOf[IMAP]()
	pop3Layout  = layoutOf[POP3]()
	sieveLayout = layoutOf[Sieve]()
	httpLayout  = layoutOf[HTTP]()
)

func layoutOf[T any]() (l layout) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous {
			continue
		}
		conf := f.Type == reflect.TypeFor[Confidence]()
		if name == "" || !conf && f.Type.Kind() != reflect.Uint64 {
			panic("summary: " + f.Name + " is no count")
		}
		l = append(l, member{strconv.Quote(name) + ": ", f.Index, conf})
	}
	return l
}

// plain reports a host that has counts alone, and an address for its name.
func (h *Host) plain() bool {
	return h.TLS == nil && strings.Trim(h.Host, "0123456789abcdef.:") == ""
}

// append appends a plain host as the encoder lays one out at a depth.
func (h *Host) append(dst []byte, depth int) []byte {
	dst = append(line(append(dst, '{'), depth+1), `"host": "`...)
	dst = append(append(dst, h.Host...), '"')
	if h.SMTP != nil {
		dst = smtpLayout.append(dst, "smtp", reflect.ValueOf(h.SMTP).Elem(), depth+1)
	}
	if h.IMAP != nil {
		dst = imapLayout.append(dst, "imap", reflect.ValueOf(h.IMAP).Elem(), depth+1)
	}
	if h.POP3 != nil {
		dst = pop3Layout.append(dst, "pop3", reflect.ValueOf(h.POP3).Elem(), depth+1)
	}
	if h.Sieve != nil {
		dst = sieveLayout.append(dst, "sieve", reflect.ValueOf(h.Sieve).Elem(), depth+1)
	}
	if h.HTTP != nil {
		dst = httpLayout.append(dst, "http", reflect.ValueOf(h.HTTP).Elem(), depth+1)
	}
	return append(line(dst, depth), '}')
}

func (l layout) append(dst []byte, name string, v reflect.Value, depth int) []byte {
	dst = line(append(dst, ','), depth)
	dst = append(append(append(dst, '"'), name...), "\": {"...)
	first := true
	for i := range l {
		m := &l[i]
		f := v.Field(m.index[0])
		if len(m.index) > 1 {
			f = f.Field(m.index[1])
		}
		n := f.Uint()
		if m.conf && n == 0 {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(line(dst, depth+1), m.name...)
		if m.conf {
			dst = append(append(append(dst, '"'), Confidence(n).String()...), '"')
		} else {
			dst = strconv.AppendUint(dst, n, 10)
		}
	}
	return append(line(dst, depth), '}')
}

// line begins a line of a depth.
func line(dst []byte, depth int) []byte {
	dst = append(dst, '\n')
	for range depth {
		dst = append(dst, ' ', ' ')
	}
	return dst
}
