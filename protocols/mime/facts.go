package mime

import "bytes"

// fact names a value of the outermost header block.
type fact uint8

const (
	subject fact = iota
	messageID
	date
	userAgent
	autoSubmitted
	resentFrom
	listID
	forwardedTo  // X-Forwarded-To
	forwardedFor // X-Forwarded-For: who forwarded, then to whom
	deliveredTo
	facts // their number
)

// head is what the outermost header block said. Of a field that stands there
// more than once the first counts.
type head struct {
	seen          bool
	autoForwarded bool
	resent        bool
	seenFrom      bool
	seenTo        bool
	seenCc        bool
	toCount       uint32
	ccCount       uint32
	receivedCount uint32
	values        [facts]span
	from          []span
	to            []span
	received      []span
}

func (h *head) reset() {
	*h = head{from: h.from[:0], to: h.to[:0], received: h.received[:0]}
}

// forwardedTo is where the message was forwarded to, by the most telling field.
func (h *head) forwardedTo() span {
	for _, f := range [...]fact{forwardedTo, forwardedFor} {
		if s := h.values[f]; s != (span{}) {
			return s
		}
	}
	if h.resent {
		return h.values[deliveredTo]
	}
	return span{}
}

// headField reads one field of the outermost header block.
func (p *Parser) headField(name fieldName, value []byte) {
	h := &p.head
	switch name {
	case fromField:
		once(&h.seenFrom, func() { h.from, _ = p.addresses(h.from, maxFrom, value) })
	case toField:
		once(&h.seenTo, func() { h.to, h.toCount = p.addresses(h.to, maxTo, value) })
	case ccField:
		once(&h.seenCc, func() { _, h.ccCount = p.addresses(nil, 0, value) })
	case subjectField:
		p.setText(subject, value)
	case messageIDField:
		p.set(messageID, inAngles(value))
	case dateField:
		p.set(date, value)
	case userAgentField:
		p.setText(userAgent, value)
	case autoSubmittedField:
		p.set(autoSubmitted, value)
	case listIDField:
		p.setText(listID, inAngles(value))
	case receivedField:
		p.hop(value)
	case resentFromField:
		h.resent = true
		p.setAddress(resentFrom, value)
	case resentField:
		h.resent = true
	case forwardedToField:
		p.setAddress(forwardedTo, value)
	case forwardedForField:
		p.setAddress(forwardedFor, lastWord(value))
	case deliveredToField:
		p.setAddress(deliveredTo, value)
	case autoForwardedField:
		h.autoForwarded = h.autoForwarded || isYes(value)
	}
}

func once(seen *bool, read func()) {
	if !*seen {
		*seen = true
		read()
	}
}

// set keeps b as it is.
func (p *Parser) set(f fact, b []byte) {
	if p.head.values[f] != (span{}) || len(b) == 0 {
		return
	}
	from := len(p.text)
	p.text = append(p.text, b...)
	p.head.values[f], _ = p.keep(from)
}

// setText keeps b with its encoded words decoded.
func (p *Parser) setText(f fact, b []byte) {
	if p.head.values[f] != (span{}) || len(b) == 0 {
		return
	}
	from := len(p.text)
	p.text = appendText(p.text, b)
	p.head.values[f], _ = p.keep(from)
}

// setAddress keeps the first address in b.
func (p *Parser) setAddress(f fact, b []byte) {
	if p.head.values[f] != (span{}) {
		return
	}
	var room [1]span
	if list, _ := p.addresses(room[:0], 1, b); len(list) > 0 {
		p.head.values[f] = list[0]
	}
}

// inAngles returns what stands between angle brackets, or else all of b.
func inAngles(b []byte) []byte {
	if i := bytes.IndexByte(b, '<'); i >= 0 {
		if j := bytes.IndexByte(b[i:], '>'); j >= 0 {
			return trimSpace(b[i+1 : i+j])
		}
	}
	return b
}

func lastWord(b []byte) []byte {
	return b[bytes.LastIndexAny(b, " \t,")+1:]
}

// isYes takes any value of the fields that announce automatic forwarding for a
// yes but the plain noes.
func isYes(b []byte) bool {
	for _, no := range [...]string{"", "no", "false", "0"} {
		if equalFold(b, no) {
			return false
		}
	}
	return true
}

// equalFold compares with a string in lower case.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if lower(c) != s[i] {
			return false
		}
	}
	return true
}
