package mime

import "bytes"

// part is what the header of a part says of it. Its slices are reused.
type part struct {
	attachments    uint32 // of the message so far
	mediaType      []byte
	boundary       []byte
	name           []byte // of the Content-Type
	fileName       []byte // of the Content-Disposition
	encoding       encoding
	hasType        bool
	hasEncoding    bool
	hasDisposition bool
	marked         bool // as attachment
	params         paramReader
}

type encoding uint8

const (
	identity encoding = iota
	base64Encoding
	quotedPrintable
)

// reset begins a message.
func (a *part) reset() {
	a.attachments = 0
	a.clear("text/plain")
}

// clear begins a part with the media type that it has by default.
func (a *part) clear(mediaType string) {
	a.mediaType = append(a.mediaType[:0], mediaType...)
	a.boundary, a.name, a.fileName = a.boundary[:0], a.name[:0], a.fileName[:0]
	a.encoding = identity
	a.hasType, a.hasEncoding, a.hasDisposition, a.marked = false, false, false, false
}

// partField reads the fields of RFC 2045 and 2183, of which the first counts.
func (p *Parser) partField(name, value []byte) {
	a := &p.part
	switch string(name) {
	case "content-type":
		once(&a.hasType, func() { a.readType(value) })
	case "content-disposition":
		once(&a.hasDisposition, func() { a.readDisposition(value) })
	case "content-transfer-encoding":
		once(&a.hasEncoding, func() { a.readEncoding(value) })
	}
}

// readType reads type/subtype and the parameters behind it. A type that is
// garbled is text/plain (RFC 2045, section 5.2), but its parameters count.
func (a *part) readType(value []byte) {
	w := words{rest: value}
	if t := w.next(); isMediaType(t) {
		a.mediaType = a.mediaType[:0]
		for _, c := range t {
			a.mediaType = append(a.mediaType, lower(c))
		}
	}
	a.params.find(value, "name")
	a.name = a.params.appendTo(a.name[:0])
	if a.isMultipart() {
		a.params.find(value, "boundary")
		a.boundary = bytes.TrimRight(a.params.appendTo(a.boundary[:0]), " \t")
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
	a.params.find(value, "filename")
	a.fileName = a.params.appendTo(a.fileName[:0])
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

func (a *part) isMultipart() bool { return bytes.HasPrefix(a.mediaType, multipartPrefix) }

var multipartPrefix = []byte("multipart/")

func (a *part) isMessage() bool {
	return string(a.mediaType) == "message/rfc822" || string(a.mediaType) == "message/global"
}

func (a *part) isAttachment() bool {
	return a.marked || len(a.name) > 0 || len(a.fileName) > 0 || a.isMessage()
}
