package mime

import "bytes"

// part is what the header of a part says of it.
type part struct {
	attachments    uint32 // of the message so far
	text           []byte // the values; the spans point into it
	scratch        []byte // for values that are decoded
	mediaType      span   // empty: the default
	boundary       span
	name           span // of the Content-Type
	fileName       span // of the Content-Disposition
	encoding       encoding
	byDefault      string // media type
	hasType        bool
	hasEncoding    bool
	hasDisposition bool
	marked         bool // as attachment
}

type encoding uint8

const (
	identity encoding = iota
	base64Encoding
	quotedPrintable
)

// clear begins a part with the media type that it has by default.
func (a *part) clear(mediaType string) {
	*a = part{attachments: a.attachments, text: a.text[:0], scratch: a.scratch, byDefault: mediaType}
}

func (a *part) bytes(s span) []byte { return a.text[s.start:s.end] }

// since is what was added to text behind from.
func (a *part) since(from int) span { return span{uint32(from), uint32(len(a.text))} }

// read reads the fields of RFC 2045 and 2183, of which the first counts.
func (a *part) read(name fieldName, value []byte) {
	switch name {
	case typeField:
		once(&a.hasType, func() { a.readType(value) })
	case dispositionField:
		once(&a.hasDisposition, func() { a.readDisposition(value) })
	case encodingField:
		once(&a.hasEncoding, func() { a.readEncoding(value) })
	}
}

// readType reads type/subtype and the parameters behind it. A type that is
// garbled is text/plain (RFC 2045, section 5.2), but its parameters count.
func (a *part) readType(value []byte) {
	w := words{rest: value}
	if t := w.next(); isMediaType(t) {
		from := len(a.text)
		for _, c := range t {
			a.text = append(a.text, lower(c))
		}
		a.mediaType = a.since(from)
	}
	a.name = a.param(value, "name")
	if a.isMultipart() {
		a.boundary = a.param(value, "boundary")
		a.boundary.end = a.boundary.start + uint32(len(trimRight(a.bytes(a.boundary))))
	}
}

// maxMediaType is more than registered names may have (RFC 6838, section 4.2).
const maxMediaType = 255

// isMediaType looks for token/token.
func isMediaType(b []byte) bool {
	i := bytes.IndexByte(b, '/')
	if i < 1 || i == len(b)-1 || len(b) > maxMediaType {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == ',' {
			return false
		}
	}
	return bytes.IndexByte(b[i+1:], '/') < 0
}

func (a *part) readDisposition(value []byte) {
	w := words{rest: value}
	a.marked = equalFold(w.next(), "attachment")
	a.fileName = a.param(value, "filename")
}

func (a *part) readEncoding(value []byte) {
	w := words{rest: value}
	switch t := w.next(); {
	case equalFold(t, "base64"):
		a.encoding = base64Encoding
	case equalFold(t, "quoted-printable"):
		a.encoding = quotedPrintable
	}
}

// appendType appends the media type.
func (a *part) appendType(dst []byte) []byte {
	if a.mediaType.empty() {
		return append(dst, a.byDefault...)
	}
	return append(dst, a.bytes(a.mediaType)...)
}

func (a *part) isType(s string) bool {
	if a.mediaType.empty() {
		return a.byDefault == s
	}
	return string(a.bytes(a.mediaType)) == s
}

func (a *part) isMultipart() bool { return bytes.HasPrefix(a.bytes(a.mediaType), multipartPrefix) }

var multipartPrefix = []byte("multipart/")

// isText reports whether a part is text, or a message, which has text in it.
func (a *part) isText() bool {
	if a.mediaType.empty() {
		return true // by default it is one of these
	}
	t := a.bytes(a.mediaType)
	return bytes.HasPrefix(t, textPrefix) || a.isMessage()
}

var textPrefix = []byte("text/")

func (a *part) isMessage() bool { return a.isType("message/rfc822") || a.isType("message/global") }

func (a *part) isAttachment() bool {
	return a.marked || !a.name.empty() || !a.fileName.empty() || a.isMessage()
}
