package filter

import (
	"strconv"

	"golang.org/x/net/bpf"
)

// qualifiers are the words before an operand; "" stands for one that was left out.
type qualifiers struct {
	proto, dir, kind string
	set              bool // there were any: an operand may take them over
}

// The directions beside "src" and "dst".
const (
	either = ""
	both   = "src and dst"
)

type parser struct {
	tokens []token
	place  place
	qual   qualifiers // of the operand before
	depth  int
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if len(p.tokens) > 1 { // the end stays
		p.tokens = p.tokens[1:]
	}
	return t
}

func (t token) unexpected() error {
	if t.text == "" {
		return &Error{t.pos, "the expression ends too early"}
	}
	return &Error{t.pos, "unexpected " + quote(t.text)}
}

func (t token) wrong(why string) error { return &Error{t.pos, quote(t.text) + " " + why} }

// program reads a whole expression; an empty one accepts all, as in tcpdump.
func (p *parser) program() (node, error) {
	if p.peek().text == "" {
		return fixed(true), nil
	}
	n, err := p.terms(p.primitive)
	if err == nil && p.peek().text != "" {
		err = p.peek().unexpected()
	}
	return n, err
}

// terms reads operands joined by "and" and "or", which bind alike and from the left.
func (p *parser) terms(operand func() (node, error)) (node, error) {
	n, err := p.term(operand)
	for err == nil && p.peek().is("and", "or") {
		op := p.next()
		var right node
		if right, err = p.term(operand); err != nil {
			break
		}
		n = join(op.text, n, right)
	}
	return n, err
}

// join makes a chain of one operator one flat node.
func join(op string, left, right node) node {
	if op == "and" {
		if chain, ok := left.(all); ok {
			return append(chain, right)
		}
		return all{left, right}
	}
	if chain, ok := left.(some); ok {
		return append(chain, right)
	}
	return some{left, right}
}

func (p *parser) term(operand func() (node, error)) (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.peek().wrong("is nested too deeply")
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case t.is("not"):
		p.next()
		n, err := p.term(operand)
		return not{n}, err
	case t.is("("):
		p.next()
		before := p.qual
		n, err := p.terms(operand)
		p.qual = before
		if err != nil {
			return nil, err
		}
		if t := p.next(); !t.is(")") {
			return nil, t.unexpected()
		}
		return n, nil
	case !t.isWord():
		return nil, t.unexpected()
	}
	return operand()
}

// primitive reads qualifiers with an operand, or one of the words that stand alone.
func (p *parser) primitive() (node, error) {
	t := p.peek()
	switch {
	case t.is("vlan"):
		return p.shift((*place).vlan, 4095)
	case t.is("mpls"):
		return p.shift((*place).mpls, 1<<20-1)
	case t.is("pppoes"):
		return p.shift((*place).pppoes, 65535)
	case t.is("less"):
		return p.length(func(n uint32) node { return length(bpf.JumpLessOrEqual, n) })
	case t.is("greater"):
		return p.length(func(n uint32) node { return length(bpf.JumpGreaterOrEqual, n) })
	}
	q := p.qualifiers()
	if !q.set {
		if !p.qual.set {
			return nil, t.wrong("is not a word of the filter language, and names are not looked up")
		}
		return p.operand()
	}
	if q.dir == either && q.kind == "" && q.proto != "" && (q.proto != "ether" && !p.startsOperand()) {
		p.qual = qualifiers{}
		return p.place.protocol(q.proto), nil
	}
	p.qual = q
	return p.term(p.operand)
}

// startsOperand reports whether an address may follow, as in "ip 10.0.0.1"; a
// protocol alone ends at an operator.
func (p *parser) startsOperand() bool { return p.peek().isWord() }

func (p *parser) qualifiers() (q qualifiers) {
	if p.peek().is("ether", "ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6") {
		q.proto, q.set = p.next().text, true
	}
	if p.peek().is("src", "dst") {
		q.dir, q.set = p.next().text, true
		if len(p.tokens) > 2 && p.tokens[0].is("and", "or") && p.tokens[1].is("src", "dst") && p.tokens[1].text != q.dir {
			q.dir = either
			if p.next().text == "and" {
				q.dir = both
			}
			p.next()
		}
	}
	if p.peek().is("host", "net", "port", "portrange", "proto") {
		q.kind, q.set = p.next().text, true
	}
	return q
}

// shift reads one of the words that move into what a frame carries.
func (p *parser) shift(test func(*place, int64) node, limit uint64) (node, error) {
	word := p.next()
	p.qual = qualifiers{}
	number := int64(-1)
	if t := p.peek(); t.isWord() {
		n, err := strconv.ParseUint(t.text, 0, 32)
		if err != nil || n > limit {
			return nil, t.wrong("is no number for '" + word.text + "'")
		}
		number = int64(n)
		p.next()
	}
	if p.place.naming == byLabel && word.text != "mpls" {
		return nil, word.wrong("cannot follow 'mpls'")
	}
	return test(&p.place, number), nil
}

func (p *parser) length(test func(uint32) node) (node, error) {
	p.next()
	p.qual = qualifiers{}
	t := p.next()
	n, err := strconv.ParseUint(t.text, 0, 32)
	if err != nil {
		return nil, t.wrong("is no length")
	}
	return test(uint32(n)), nil
}
