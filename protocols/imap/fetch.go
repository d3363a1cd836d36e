package imap

import (
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// maxDepth bounds the parentheses of a FETCH response: a BODYSTRUCTURE needs two
// or three for each level of nested parts.
const maxDepth = 200

type fetchState uint8

const (
	fetchOpen    fetchState = iota // the "(" of msg-att comes
	fetchName                      // the name of an item
	fetchSection                   // within "[" and "]"
	fetchValue                     // the value of the item
	fetchList                      // within a value in parentheses
	fetchString                    // within a string that is the value
	fetchEnd                       // behind the ")"
)

// item is what an item of a FETCH response is about.
type item uint8

const (
	itemOther item = iota
	itemBody       // of some kind of body: fetch.kind
	itemUID
	itemSize
	itemEnvelope
	itemStructure
)

// fetch is a FETCH response as it comes (RFC 9051, section 7.5.2).
type fetch struct {
	section []byte // ReadPart: in the reading's buffer
	offset  uint64 // of the <origin>
	num     uint32
	uid     uint32
	size    uint32
	item    item
	kind    protocols.ReadKind
	origin  bool // there is an <origin>
	text    bool // BODY[TEXT]
	uidOnly bool
	numbers bool // BODY[n…]: the section is kept
	depth   uint16
	state   fetchState
	bytes   uint64 // of the body's string so far
}

func (p *parser) beginFetch(uidOnly bool) {
	p.srv.mode = srvFetch
	p.fetch = fetch{num: p.srv.num, uidOnly: uidOnly}
	if uidOnly {
		p.fetch.uid = p.srv.num
	}
}

func (p *parser) fetchToken(tok token, text []byte) {
	f := &p.fetch
	if tok == eol {
		broken := f.state != fetchEnd && f.state != fetchOpen
		p.endFetch()
		if broken {
			p.loseServer(true)
		}
		return
	}
	switch f.state {
	case fetchOpen:
		if f.state = fetchName; tok != open {
			f.state = fetchEnd
		}
	case fetchName:
		p.fetchName(tok, text)
	case fetchSection:
		p.fetchSection(tok, text)
	case fetchValue:
		p.fetchValue(tok, text)
	case fetchList:
		p.fetchList(tok, text)
	case fetchString:
		p.fetchString(tok, text)
	}
}

func (f *fetch) beginItem() {
	f.item, f.bytes, f.offset, f.section, f.depth = itemOther, 0, 0, nil, 0
	f.origin, f.text, f.numbers = false, false, false
}

func (p *parser) fetchName(tok token, text []byte) {
	f := &p.fetch
	switch tok {
	case atom:
		f.beginItem()
		f.state = fetchValue
		if f.name(text) {
			f.state = fetchSection
		}
		if f.numbers {
			p.keepSection(text)
		}
	case shut:
		f.state = fetchEnd
	case open, quote, literal: // nothing of this kind stands here: it is skipped
		f.item = itemOther
		p.fetchValue(tok, text)
	}
}

// fetchSection passes by the header list of BODY[HEADER.FIELDS (…)] to the "]".
func (p *parser) fetchSection(tok token, text []byte) {
	f := &p.fetch
	switch tok {
	case open:
		f.depth++
	case shut:
		if f.depth == 0 {
			f.state = fetchEnd
			return
		}
		f.depth--
	case atom:
		if text[0] == ']' && f.depth == 0 {
			f.setOrigin(text)
			f.state = fetchValue
		}
	}
}

func (p *parser) fetchValue(tok token, text []byte) {
	f := &p.fetch
	switch tok {
	case atom:
		p.fetchAtom(text)
		f.state = fetchName
	case open:
		f.depth, f.state = 1, fetchList
		if f.item == itemStructure {
			p.reading().structure.begin()
		}
	case quote, literal:
		f.bytes, f.state = 0, fetchString
	case shut:
		f.state = fetchEnd
	}
}

func (p *parser) fetchAtom(text []byte) {
	f := &p.fetch
	v, ok := line.Uint(text)
	if !ok {
		return // NIL: there is no such body, or the message is gone
	}
	switch f.item {
	case itemUID:
		f.uid = number32(v)
	case itemSize:
		f.size = number32(v)
	}
}

func (p *parser) fetchList(tok token, text []byte) {
	f := &p.fetch
	if f.item == itemStructure && p.read != nil {
		p.read.structure.token(tok)
	}
	switch tok {
	case open:
		if f.depth++; f.depth > maxDepth {
			p.report("imap_deep_nesting")
			p.endFetch()
			p.srv.lossy = true
			p.loseServer(false)
		}
	case shut:
		if f.depth--; f.depth == 0 {
			f.state = fetchName
			p.endList()
		}
	}
}

// endList takes an ENVELOPE or a BODYSTRUCTURE.
func (p *parser) endList() {
	switch p.fetch.item {
	case itemEnvelope:
		p.addBody(body{kind: protocols.ReadHeaders})
	case itemStructure:
		if leaves := p.read.structure.leaves(); len(leaves) > 0 {
			p.addBody(body{kind: protocols.ReadStructure, section: p.read.keep(leaves)})
		}
	}
}

func (p *parser) fetchString(tok token, text []byte) {
	switch tok {
	case data:
		p.fetch.bytes += uint64(len(text))
	case end:
		p.endBody()
		p.fetch.state = fetchName
	}
}

// endBody takes a body that is complete.
func (p *parser) endBody() {
	f := &p.fetch
	if f.item == itemBody && f.state == fetchString {
		p.addBody(p.bodyRead(f.kind))
	}
}

func (p *parser) bodyRead(kind protocols.ReadKind) body {
	f := &p.fetch
	b := body{kind: kind, section: f.section, bytes: f.bytes, offset: f.offset}
	if f.text && kind == protocols.ReadPartial {
		b.section = textSection
	}
	if f.origin && kind == protocols.ReadPartial {
		b.asked = p.asked(f.offset, f.text)
	}
	return b
}

// asked returns how many octets a partial fetch asked for; 0: not known. A
// response names only its origin. Where commands in flight disagree, the
// smallest is taken: a shorter answer than was asked for would mean that the
// message ends there.
func (p *parser) asked(offset uint64, text bool) (n uint64) {
	for i := range p.flight {
		c := &p.flight[i]
		for _, a := range c.partials[:c.asked] {
			if a.offset == offset && a.text == text && (n == 0 || a.count < n) {
				n = a.count
			}
		}
	}
	return n
}

// endFetch is called at the end of the response, or where it breaks off.
func (p *parser) endFetch() {
	if c := p.oldest(); c != nil && c.verb == storeVerb {
		c.count++
	}
	p.takeBodies()
	p.srv.mode = srvBegin
	if p.read != nil {
		p.bound()
	}
}

// takeBodies names the message that the response is about.
func (p *parser) takeBodies() {
	f := &p.fetch
	if f.num == 0 {
		if p.read != nil {
			p.read.bodies = p.read.bodies[:0]
		}
		return
	}
	bodies := p.read != nil && len(p.read.bodies) > 0
	if f.uid == 0 && f.size == 0 && !bodies {
		return
	}
	sel := p.selectionNow()
	id, byUID := f.uid, true
	if !f.uidOnly {
		id, byUID = p.identify(sel, sel.position(f.num))
	}
	if f.size > 0 {
		if sel.sizes == nil {
			sel.sizes = p.pools.sizes()
		}
		sel.setSize(id, byUID, f.size)
	}
	if bodies {
		p.readingOf(sel).take(id, byUID)
	}
}

// identify returns the number to report a message by: its UID, if that is known.
func (p *parser) identify(sel *selection, pos uint32) (id uint32, byUID bool) {
	if uid := p.fetch.uid; uid != 0 {
		fresh := sel.learn(pos, uid)
		for _, run := range sel.unnamed[sel.unnamed.search(fresh.first):] {
			if run.first > fresh.last {
				break
			}
			p.join(sel, max(run.first, fresh.first), min(run.last, fresh.last), uid-pos)
		}
		return uid, true
	}
	if uid := sel.uid(pos); uid != 0 {
		return uid, true
	}
	if p.read != nil && len(p.read.bodies) > 0 && !sel.unnamed.add(pos, pos) {
		sel.vague = true
	}
	return pos, false
}

// join reports that messages which were reported by position have UIDs by now.
func (p *parser) join(sel *selection, first, last, offset uint32) {
	for n := last - first + 1; n > 0; n-- {
		r := p.readingOf(sel)
		r.add(protocols.ReadItem{Kind: protocols.ReadIdentity, First: first, Last: first, Other: first + offset})
		if first++; len(r.items) >= maxItems {
			p.flush(nil)
		}
	}
}

// cutFetch reports what came of a response that the end of the connection cut.
func (p *parser) cutFetch() {
	f := &p.fetch
	if f.state == fetchString && f.item == itemBody && f.bytes > 0 {
		kind := f.kind
		if kind == protocols.ReadWhole {
			kind = protocols.ReadPartial
		}
		if kind == protocols.ReadPart && !f.origin {
			f.section = p.reading().keepUpper(f.section, []byte("<0>")) // not all of the part
		}
		f.origin = false // what was asked for did not come: nothing may be concluded from its length
		p.addBody(p.bodyRead(kind))
		p.read.lossy = true
	}
	p.endFetch()
}
