package mime

import "crypto/sha256"

// attachment is a part that is kept.
type attachment struct {
	name, mediaType span
	size            uint64
	sum             [sha256.Size]byte
	hashed, lost    bool
}

// leaf is the body that is being read.
type leaf struct {
	kind   leafKind
	kept   bool      // it is the last of the attachments
	broken lineBreak // identity: held until it is known not to belong to a delimiter
	base64 base64Reader
	out    output
	quoted quoted
}

type leafKind uint8

const (
	skipped leafKind = iota // of no interest, or lost
	asIs
	base64Leaf
	quotedLeaf
)

// startAttachment begins an attachment. Those beyond the bound are only counted.
func (p *Parser) startAttachment() {
	a := &p.part
	a.attachments++
	if len(p.attachments) == maxAttachments {
		p.truncated = true
		return
	}
	name := a.fileName
	if name.empty() {
		name = a.name
	}
	p.attachments = append(p.attachments, attachment{})
	kept := &p.attachments[len(p.attachments)-1]
	from := len(p.text)
	p.text = append(p.text, a.bytes(name)...)
	kept.name, _ = p.keep(from)
	from = len(p.text)
	p.text = a.appendType(p.text)
	kept.mediaType, _ = p.keep(from)
	p.startLeaf(true)
}

// startLeaf begins a body that is of interest: an attachment, which is kept, or text.
func (p *Parser) startLeaf(kept bool) {
	a, l := &p.part, &p.leaf
	l.kept = kept
	l.broken, l.base64, l.quoted = noBreak, base64Reader{}, quoted{}
	switch a.encoding {
	case base64Encoding:
		l.kind = base64Leaf
	case quotedPrintable:
		l.kind = quotedLeaf
	default:
		l.kind = asIs
	}
	l.out.reset()
	if p.hashing && kept {
		if p.sha == nil {
			p.sha = sha256.New()
		}
		l.out.hashTo(p.sha)
	}
	if p.scanning && a.isText() {
		if p.links == nil {
			p.links = new(links)
		}
		l.out.scanTo(p.links)
	}
}

// leafWrite takes octets of the body, line breaks before delimiters included.
func (p *Parser) leafWrite(b []byte) {
	l := &p.leaf
	if len(b) == 0 {
		return
	}
	switch l.kind {
	case asIs:
		l.broken = l.broken.write(b, &l.out)
	case base64Leaf:
		l.base64.write(b, &l.out)
	case quotedLeaf:
		l.quoted.write(b, &l.out)
	}
}

// endLeaf completes the attachment that is being read. The line break before a
// delimiter belongs to the delimiter.
func (p *Parser) endLeaf(delimited bool) {
	l := &p.leaf
	switch l.kind {
	case skipped:
		return
	case asIs:
		if !delimited {
			l.broken.flush(&l.out)
		}
	case base64Leaf:
		l.base64.end(&l.out)
	case quotedLeaf:
		l.quoted.end(delimited, &l.out)
	}
	l.kind = skipped
	l.out.end()
	if !l.kept {
		return
	}
	a := &p.attachments[len(p.attachments)-1]
	a.size = l.out.size
	if p.hashing {
		p.sha.Sum(a.sum[:0])
		a.hashed = true
	}
}

// loseLeaf ends an attachment of which octets were lost.
func (p *Parser) loseLeaf() {
	if p.leaf.kind == skipped {
		return
	}
	p.leaf.out.cut()
	p.endLeaf(true)
	if !p.leaf.kept {
		return
	}
	a := &p.attachments[len(p.attachments)-1]
	a.lost, a.hashed = true, false
	a.sum = [sha256.Size]byte{}
}

// lineBreak is a line break at the end of what was written so far.
type lineBreak uint8

const (
	noBreak lineBreak = iota
	loneCR            // a LF may follow
	loneLF
	crlf
)

func (k lineBreak) flush(out *output) {
	switch k {
	case loneCR:
		out.write(crlfBytes[:1])
	case loneLF:
		out.write(crlfBytes[1:])
	case crlf:
		out.write(crlfBytes)
	}
}

var crlfBytes = []byte("\r\n")

// write writes k and b, but for the line break b ends with, which it returns.
func (k lineBreak) write(b []byte, out *output) lineBreak {
	if k == loneCR && b[0] == '\n' {
		k = crlf
		b = b[1:]
		if len(b) == 0 {
			return k
		}
	}
	k.flush(out)
	end := noBreak
	n := len(b)
	switch {
	case b[n-1] == '\r':
		end = loneCR
		n--
	case b[n-1] == '\n' && n > 1 && b[n-2] == '\r':
		end = crlf
		n -= 2
	case b[n-1] == '\n':
		end = loneLF
		n--
	}
	out.write(b[:n])
	return end
}
