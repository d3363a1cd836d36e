package imap

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// argument takes a token of a command's arguments.
func (p *parser) argument(tok token, text []byte) protocols.Action {
	c := p.building()
	switch tok {
	case eol:
		return p.finishCommand()
	case bad:
		p.report("imap_bad_literal")
		p.loseClient(false)
		return protocols.Continue
	case literal:
		if !p.cli.nonSync {
			p.cli.mode = cliLiteral
		}
	}
	if c == nil {
		return protocols.Continue
	}
	switch tok {
	case atom:
		p.argumentAtom(c, text)
	case atomRest:
		p.keepData(c, text)
	case open:
		p.openArgument(c)
	case shut:
		p.shutArgument(c)
	case quote, literal:
		p.beginString(c, tok)
	case data:
		p.keepData(c, text)
	case end:
		p.endString(c)
	}
	return protocols.Continue
}

// wants says where the argument that begins goes.
func (p *parser) wants(c *command) keepKind {
	info := &verbTable[c.verb]
	switch {
	case info.raw > 0 && p.cli.arg >= info.raw-1:
		return keepRaw
	case p.cli.depth == 0 && p.cli.arg < 8 && info.keep>>p.cli.arg&1 == 1:
		return keepArg
	case p.id != nil && c.verb == idVerb && p.cli.depth == 1:
		if p.id.value {
			return keepValue
		}
		return keepKey
	}
	return keepNone
}

func (p *parser) argumentAtom(c *command, text []byte) {
	p.cli.keep = p.wants(c)
	if p.cli.keep == keepRaw {
		p.space(c)
	}
	switch c.verb {
	case fetchVerb:
		c.partial(text)
	case copyVerb, moveVerb, storeVerb:
		if p.cli.arg == 0 && !p.cli.long {
			c.named = countSet(text)
			if c.uid && bytes.IndexByte(text, ':') >= 0 { // how many of a range of UIDs exist is not known
				c.named = 0
			}
		}
	case appendVerb, replaceVerb:
		p.cli.group = line.EqualFold(text, "CATENATE") || line.EqualFold(text, "UTF8")
		c.remote = c.remote || p.cli.depth > 0 && line.EqualFold(text, "URL") && p.cli.arg > 0
	}
	p.keepData(c, text)
	if p.cli.keep == keepValue && line.EqualFold(text, "NIL") {
		p.id.drop()
	}
	if p.cli.keep != keepRaw || !p.cli.long {
		p.endValue(c)
	}
	if p.cli.depth == 0 {
		p.nextArgument()
	}
}

func (p *parser) nextArgument() {
	if p.cli.arg < 255 {
		p.cli.arg++
	}
}

func (p *parser) openArgument(c *command) {
	if p.wants(c) == keepRaw {
		p.space(c)
		c.addRaw('(')
		p.cli.tight = true
	}
	if (c.verb == appendVerb || c.verb == replaceVerb) && p.cli.group {
		c.count++ // one message, made of the parts in the list (RFC 4469; RFC 9755, section 4)
	}
	p.cli.group = false
	if p.cli.depth < 1<<16-1 {
		p.cli.depth++
	}
}

func (p *parser) shutArgument(c *command) {
	if p.cli.depth > 0 {
		p.cli.depth--
	}
	if p.cli.keep = p.wants(c); p.cli.keep == keepRaw {
		c.addRaw(')')
		p.cli.tight = false
	}
	if p.cli.depth == 0 {
		p.nextArgument()
	}
}

func (p *parser) beginString(c *command, tok token) {
	p.cli.keep = p.wants(c)
	if p.cli.keep == keepRaw {
		p.space(c)
		c.addRaw('"')
	}
	if tok == literal && (c.verb == appendVerb || c.verb == replaceVerb) && p.cli.arg > 0 && !p.mailboxNext(c) {
		c.bytes += p.cli.left
		if p.cli.depth == 0 {
			c.count++
		}
	}
	p.cli.group = false
}

// mailboxNext reports whether the mailbox of a REPLACE comes (RFC 8508): it
// stands behind the number of the message to replace.
func (p *parser) mailboxNext(c *command) bool {
	return c.verb == replaceVerb && p.cli.arg == 1
}

func (p *parser) endString(c *command) {
	if p.cli.keep == keepRaw {
		c.addRaw('"')
	}
	p.cli.guessed = false
	p.endValue(c)
	if p.cli.depth == 0 {
		p.nextArgument()
	}
}

func (p *parser) endValue(c *command) {
	switch p.cli.keep {
	case keepArg, keepEmpty:
		c.endArg()
	case keepKey, keepValue:
		p.id.end()
	}
	p.cli.keep = keepNone
}

// space separates what is kept as written.
func (p *parser) space(c *command) {
	if !p.cli.tight {
		c.addRaw(' ')
	}
	p.cli.tight = false
}

func (c *command) addRaw(b byte) {
	if len(c.text) < maxTerms {
		c.text = append(c.text, b)
	}
}

// keepData keeps octets of an argument, as far as there is room.
func (p *parser) keepData(c *command, b []byte) {
	switch p.cli.keep {
	case keepRaw:
		c.text = append(c.text, b[:min(len(b), max(0, maxTerms-len(c.text)))]...)
	case keepArg:
		from := 0
		if c.args > 0 {
			from = int(c.ends[c.args-1])
		}
		c.text = append(c.text, b[:min(len(b), max(0, maxArgument-(len(c.text)-from)))]...)
	case keepKey, keepValue:
		p.id.add(b)
	}
}

// dropArgument forgets the argument that is being read: octets of it are missing.
func (p *parser) dropArgument() {
	if c := p.building(); c != nil && p.cli.keep == keepArg {
		from := uint16(0)
		if c.args > 0 {
			from = c.ends[c.args-1]
		}
		c.text, p.cli.keep = c.text[:from], keepEmpty
	}
}

// partial notes the <offset.count> at the end of an item of FETCH.
func (c *command) partial(item []byte) {
	i := bytes.LastIndexByte(item, '<')
	if i < 0 || int(c.asked) == len(c.partials) || item[len(item)-1] != '>' {
		return
	}
	section, text := item[:i], false
	switch {
	case bytes.HasSuffix(section, []byte("[]")):
	case len(section) > 6 && line.EqualFold(section[len(section)-6:], "[TEXT]"):
		text = true
	default:
		return
	}
	offset, rest, ok := line.Number(item[i+1:])
	if !ok || rest[0] != '.' {
		return
	}
	count, _, ok := line.Number(rest[1:])
	if ok {
		c.partials[c.asked] = partial{offset: offset, count: count, text: text}
		c.asked++
	}
}
