package imap

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// code is a response code: what stands in brackets at the beginning of the text
// of a status response (RFC 9051, section 7.1).
type code struct{ name, args []byte }

func responseCode(text []byte) (c code) {
	if len(text) == 0 || text[0] != '[' {
		return c
	}
	if i := bytes.IndexByte(text, ']'); i >= 0 {
		text = text[:i]
	}
	c.name, c.args = line.Word(text[1:])
	return c
}

func (c *code) is(name string) bool { return line.EqualFold(c.name, name) }

// copied is how many messages a COPYUID code names (RFC 4315, section 3).
func (c *code) copied() uint32 {
	if !c.is("COPYUID") {
		return 0
	}
	_, sets := line.Word(c.args)
	_, target := line.Word(sets)
	return countSet(target)
}

// validity is the UIDVALIDITY that a code tells; 0: none.
func (c *code) validity() uint32 {
	if c.is("UIDVALIDITY") || c.is("APPENDUID") {
		if v, _, ok := line.Number(c.args); ok {
			return number32(v)
		}
	}
	return 0
}

// capabilities looks at those that a CAPABILITY code lists (RFC 9051, section 7.1).
func (p *parser) capabilities(c *code) {
	if !c.is("CAPABILITY") {
		return
	}
	for word, rest := line.Word(c.args); len(word) > 0; word, rest = line.Word(rest) {
		p.capability(word)
	}
}

// capability takes the name of one.
func (p *parser) capability(name []byte) {
	if line.Overwritten(name, "STARTTLS") {
		p.report("imap_starttls_stripped")
	}
}

// untaggedStatus takes the text behind "* OK" and its kind.
func (p *parser) untaggedStatus(text []byte) {
	c := responseCode(line.TrimLeft(text))
	p.capabilities(&c)
	switch {
	case c.is("UIDVALIDITY"):
		p.selectionNow().validity = c.validity()
	case c.is("UIDNEXT"):
		if v, _, ok := line.Number(c.args); ok {
			p.selectionNow().uidNext = number32(v)
		}
	case c.is("COPYUID"): // of a MOVE (RFC 6851, section 4.3)
		if cmd := p.first(moveVerb); cmd != nil {
			cmd.named, cmd.count = c.copied(), 0
		}
	}
}

// tagged takes a tagged response.
func (p *parser) tagged(text []byte) protocols.Action {
	if len(line.Trim(text)) == 0 {
		return protocols.Continue
	}
	tag, rest := line.Word(text)
	word, rest := line.Word(rest)
	r := noReply
	switch {
	case line.EqualFold(word, "OK"):
		r = replyOK
	case line.EqualFold(word, "NO"):
		r = replyNO
	case line.EqualFold(word, "BAD"):
		r = replyBAD
	default:
		p.loseServer(true)
		return protocols.Continue
	}
	c := responseCode(rest)
	p.capabilities(&c)
	i := p.find(tagHash(tag))
	if i < 0 {
		p.unmatched(tagHash(tag), r)
		p.unknownReply(r, &c)
		return protocols.Continue
	}
	return p.complete(i, r, &c)
}

// unknownReply takes a reply to a command that was not seen. The codes of SELECT
// tell that one was accepted.
func (p *parser) unknownReply(r result, c *code) {
	if r == replyOK && (c.is("READ-WRITE") || c.is("READ-ONLY")) {
		p.selected(nil)
	}
	p.flush(nil)
}
