package imap

import "mailsensor/protocols/line"

// searchKey says what comes next in an ESEARCH response.
type searchKey uint8

const (
	keyOther searchKey = iota
	keyCount
	keyAll
)

// dataToken takes a token of an untagged response other than FETCH.
func (p *parser) dataToken(tok token, text []byte) {
	s := &p.srv
	if tok == eol {
		p.endData()
		s.mode = srvBegin
		return
	}
	switch tok {
	case open:
		if s.depth < 1<<16-1 {
			s.depth++
		}
	case shut:
		if s.depth > 0 {
			s.depth--
		}
	}
	switch s.mode {
	case srvSearch:
		if tok == atom && s.depth == 0 && isNumber(text) { // not the number of "(MODSEQ 917)"
			p.found(1)
		}
	case srvThread:
		if tok == atom && isNumber(text) {
			p.found(1)
		}
	case srvESearch:
		p.esearchToken(tok, text)
	case srvVanished:
		p.vanishedToken(tok, text)
	case srvMailbox:
		p.mailboxToken(tok, text)
	case srvEnabled:
		if tok == atom && (line.EqualFold(text, "UTF8=ACCEPT") || line.EqualFold(text, "IMAP4REV2")) {
			p.utf8 = true
		}
	case srvCapability:
		if tok == atom {
			p.capability(text)
		}
	}
}

func isNumber(text []byte) bool {
	_, ok := line.Uint(text)
	return ok
}

// found counts results of the search that is being answered.
func (p *parser) found(n uint32) {
	if c := p.first(searchVerb, sortVerb, threadVerb); c != nil {
		c.count += min(n, 1<<32-1-c.count)
	}
}

// esearchToken reads "COUNT n" and "ALL set" (RFC 4731, section 3.1).
func (p *parser) esearchToken(tok token, text []byte) {
	s := &p.srv
	if s.depth > 0 || tok != atom && tok != atomRest {
		return
	}
	switch {
	case tok == atomRest:
		if s.key == keyAll {
			s.set.write(text)
		}
	case s.key == keyCount:
		if v, ok := line.Uint(text); ok {
			p.found(number32(v))
		}
		s.key, s.set = keyOther, setReader{star: true} // the count is better than the set
	case s.key == keyAll:
		s.set.write(text)
		if !s.long {
			s.key = keyOther
		}
	case line.EqualFold(text, "COUNT"):
		s.key = keyCount
		s.set = setReader{star: true}
	case line.EqualFold(text, "ALL"):
		if !s.set.star {
			s.key, s.set = keyAll, setReader{}
		}
	}
}

// vanishedToken reads the UIDs of VANISHED (RFC 7162, section 3.2.10). The
// EARLIER form tells of expunges before this selection.
func (p *parser) vanishedToken(tok token, text []byte) {
	s := &p.srv
	switch {
	case tok == open:
		s.early = true
	case s.depth == 0 && (tok == atom || tok == atomRest):
		if s.set.gone == nil && !s.early {
			s.set.gone = &p.selectionNow().sequence
		}
		s.set.write(text)
	}
}

func (p *parser) endData() {
	s := &p.srv
	switch s.mode {
	case srvESearch:
		s.set.close()
		if !s.set.star {
			p.found(number32(s.set.total))
		}
		s.set = setReader{}
	case srvVanished:
		s.set.close()
		if !s.early {
			p.removed(number32(min(s.set.total, 1<<32-1)))
		}
		s.set = setReader{}
	case srvMailbox:
		p.endMailbox()
	}
}

// removed counts messages that were expunged.
func (p *parser) removed(n uint32) {
	sel := p.selectionNow()
	sel.exists -= min(n, sel.exists)
	if c := p.first(expungeVerb, moveVerb); c != nil {
		c.count += n
	}
}

// mailboxStatus is a STATUS response as it comes (RFC 9051, section 7.3.4).
type mailboxStatus struct {
	name     []byte
	named    bool
	item     []byte
	messages uint32
	validity uint32
	known    bool // messages was among the items
	room     struct {
		name [64]byte
		item [maxItem]byte
	}
}

const maxItem = 16

func (s *server) beginMailbox() {
	if s.box == nil {
		s.box = new(mailboxStatus)
		s.box.name, s.box.item = s.box.room.name[:0], s.box.room.item[:0]
	}
	*s.box = mailboxStatus{name: s.box.name[:0], item: s.box.item[:0]}
}

func (p *parser) mailboxToken(tok token, text []byte) {
	box := p.srv.box
	switch {
	case !box.named && (tok == atom || tok == data):
		box.name = append(box.name, text[:min(len(text), maxArgument-len(box.name))]...)
		box.named = tok == atom
	case !box.named && tok == end:
		box.named = true
	case box.named && tok == atom && len(box.item) == 0:
		box.item = append(box.item, text[:min(len(text), maxItem)]...)
	case box.named && tok == atom:
		v, _ := line.Uint(text)
		switch {
		case line.EqualFold(box.item, "MESSAGES"):
			box.messages, box.known = number32(v), true
		case line.EqualFold(box.item, "UIDVALIDITY"):
			box.validity = number32(v)
		}
		box.item = box.item[:0]
	}
}

func (p *parser) endMailbox() {
	box := p.srv.box
	if len(box.name) == 0 {
		return
	}
	e := p.out.MailboxSelect(p.now)
	e.Command, e.Mailbox = "STATUS", p.copyMailbox(box.name, box.name)
	e.UIDValidity, e.Exists, e.ExistsKnown = box.validity, box.messages, box.known
}

// copyMailbox is a mailbox's name for an event. It is decoded behind buf, where
// there is mostly room for it.
func (p *parser) copyMailbox(buf, name []byte) []byte {
	return p.out.Copy(appendMailbox(buf, name, p.utf8)[len(buf):])
}
