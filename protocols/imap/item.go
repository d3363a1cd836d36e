package imap

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

var textSection = []byte("TEXT")

// name reads the name of an item of a FETCH response (RFC 9051, section 7.5.2)
// and reports whether its section goes on behind it.
func (f *fetch) name(b []byte) (more bool) {
	i := bytes.IndexByte(b, '[')
	if i < 0 {
		f.plain(b)
		return false
	}
	name, section := b[:i], b[i+1:]
	if j := bytes.IndexByte(section, ']'); j >= 0 {
		f.setOrigin(section[j:])
		section = section[:j]
	} else {
		more = true
	}
	switch {
	case line.EqualFold(name, "BODY"), line.EqualFold(name, "BODY.PEEK"), line.EqualFold(name, "BINARY"),
		line.EqualFold(name, "BINARY.PEEK"):
		f.item = itemBody
		f.part(section)
	}
	return more
}

// plain reads a name without a section. Going by the length saves most of the
// comparing, and this is done for every item of every response.
func (f *fetch) plain(b []byte) {
	switch len(b) {
	case 3:
		f.is(b, "UID", itemUID)
	case 4:
		f.is(b, "BODY", itemStructure)
	case 6:
		f.is(b, "RFC822", itemBody)
		f.kind = protocols.ReadWhole
	case 8:
		f.is(b, "ENVELOPE", itemEnvelope)
	case 11:
		f.is(b, "RFC822.SIZE", itemSize)
		if f.is(b, "RFC822.TEXT", itemBody) {
			f.kind, f.text = protocols.ReadWhole, true
		}
	case 13:
		f.is(b, "BODYSTRUCTURE", itemStructure)
		if f.is(b, "RFC822.HEADER", itemBody) {
			f.kind = protocols.ReadHeaders
		}
	}
}

func (f *fetch) is(b []byte, name string, as item) bool {
	if !line.EqualFold(b, name) {
		return false
	}
	f.item = as
	return true
}

// part reads what stands between "[" and "]", as far as it came.
func (f *fetch) part(section []byte) {
	switch {
	case len(section) == 0:
		f.kind = protocols.ReadWhole
	case line.EqualFold(section, "TEXT"):
		f.kind, f.text = protocols.ReadWhole, true
	case '0' <= section[0] && section[0] <= '9':
		f.kind, f.numbers = protocols.ReadPart, true
	default: // HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT
		f.kind = protocols.ReadHeaders
	}
	if f.origin && f.kind == protocols.ReadWhole {
		f.kind = protocols.ReadPartial
	}
}

// setOrigin reads the "<number>" behind "]" (RFC 9051, section 7.5.2: "BODY[section]<origin octet>").
func (f *fetch) setOrigin(b []byte) {
	if len(b) < 3 || b[1] != '<' {
		return
	}
	if v, _, ok := line.Number(b[2:]); ok {
		f.offset, f.origin = v, true
		if f.kind == protocols.ReadWhole && f.item == itemBody {
			f.kind = protocols.ReadPartial
		}
	}
}

// keepSection keeps the section of a numbered part, in upper case. One octet
// range of a part is named with its origin, so that it is not taken for the part.
func (p *parser) keepSection(name []byte) {
	i := bytes.IndexByte(name, '[') + 1
	section := name[i:]
	if j := bytes.IndexByte(section, ']'); j >= 0 {
		rest := section[j+1:]
		section = section[:j]
		if p.fetch.origin {
			p.fetch.section = p.reading().keepUpper(section, rest)
			return
		}
	}
	p.fetch.section = p.reading().keepUpper(section, nil)
}
