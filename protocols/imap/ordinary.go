package imap

import "mailsensor/protocols"

// Nearly all of a download is responses such as
//
//	* 7 FETCH (UID 7 RFC822.SIZE 2920 FLAGS (\Seen) BODY[] {2920}
//
// What follows reads those without cutting them into tokens first, an item at a
// time where the item is whole. Whatever is written in another way, or is not
// all there, is left to the lexer, and nothing may depend on which of the two
// read an item.

// ordinaryHead reads number " FETCH (" at the beginning of b; 0: it is not there.
func (p *parser) ordinaryHead(b []byte) (n int) {
	v, n := digits(b)
	if n == 0 || !hasPrefix(b[n:], " FETCH (") {
		return 0
	}
	p.srv.num = number32(v)
	p.beginFetch(false)
	p.fetch.state = fetchName
	return n + len(" FETCH (")
}

// ordinaryItems reads items of a FETCH response, from where a name may begin,
// and returns how many octets they took.
func (p *parser) ordinaryItems(b []byte) (n int) {
	l := &p.srv.lexer
	if l.str != noString || l.long {
		return 0
	}
	for n < len(b) {
		if l.after && b[n] != ' ' && b[n] != ')' {
			return n
		}
		l.after = false
		if b[n] == ' ' {
			n++
			continue
		}
		k := p.ordinaryItem(b[n:])
		n += k
		if k == 0 || p.fetch.state != fetchName || p.srv.mode != srvFetch {
			return n
		}
	}
	return n
}

// ordinaryItem reads one item, or the end of the response; 0: it is not there.
func (p *parser) ordinaryItem(b []byte) (n int) {
	f := &p.fetch
	switch b[0] {
	case ')':
		if hasPrefix(b, ")\r\n") {
			p.endFetch()
			return 3
		}
	case 'U':
		if hasPrefix(b, "UID ") {
			return f.ordinaryNumber(b, len("UID "), itemUID)
		}
	case 'F':
		if hasPrefix(b, "FLAGS (") {
			return f.ordinaryList(b, len("FLAGS ("))
		}
	case 'M':
		if hasPrefix(b, "MODSEQ (") {
			return f.ordinaryList(b, len("MODSEQ ("))
		}
	case 'R':
		switch {
		case hasPrefix(b, "RFC822.SIZE "):
			return f.ordinaryNumber(b, len("RFC822.SIZE "), itemSize)
		case hasPrefix(b, "RFC822 {"):
			return p.ordinaryBody(b, len("RFC822 {"))
		}
	case 'B':
		if hasPrefix(b, "BODY[] {") {
			return p.ordinaryBody(b, len("BODY[] {"))
		}
	}
	return 0
}

// ordinaryNumber reads the number at b[i:], the value of an item.
func (f *fetch) ordinaryNumber(b []byte, i int, of item) (n int) {
	v, n := digits(b[i:])
	if n += i; n == i || n == len(b) || b[n] != ' ' && b[n] != ')' {
		return 0
	}
	f.beginItem()
	if f.item = of; of == itemUID {
		f.uid = number32(v)
	} else {
		f.size = number32(v)
	}
	return n
}

// ordinaryList passes by a list of atoms, behind its "(".
func (f *fetch) ordinaryList(b []byte, i int) (n int) {
	for ; i < len(b) && (b[i] == ' ' || !atomEnds[b[i]]); i++ {
	}
	if i == len(b) || b[i] != ')' {
		return 0
	}
	f.beginItem()
	return i + 1
}

// ordinaryBody reads the head of the literal at b[i-1:], which is a whole
// message, and the literal itself if it is all there.
func (p *parser) ordinaryBody(b []byte, i int) (n int) {
	size, n := digits(b[i:])
	if n += i; n == i || !hasPrefix(b[n:], "}\r\n") {
		return 0
	}
	n += len("}\r\n")
	f, l := &p.fetch, &p.srv.lexer
	f.beginItem()
	f.item, f.kind, f.state = itemBody, protocols.ReadWhole, fetchString
	l.left, l.str, l.nonSync = size, inLiteral, false
	if size > uint64(len(b)-n) {
		return n
	}
	f.bytes, n = size, n+int(size)
	p.endBody()
	f.state = fetchName
	l.left, l.str, l.after = 0, noString, true
	return n
}

// passesBody takes b, if it is nothing but octets of a literal in a FETCH
// response and not its last: most of what a server sends.
func (p *parser) passesBody(b []byte) bool {
	if p.srv.mode != srvFetch || p.srv.str != inLiteral || uint64(len(b)) >= p.srv.left {
		return false
	}
	p.srv.left -= uint64(len(b))
	if p.fetch.state == fetchString {
		p.fetch.bytes += uint64(len(b))
	}
	return true
}

// maxDigits is how many digits make a number that fits for sure.
const maxDigits = 18

// digits reads the number that b begins with; n is 0 if it is none, or long.
func digits(b []byte) (v uint64, n int) {
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		if n == maxDigits {
			return 0, 0
		}
		v = v*10 + uint64(b[n]-'0')
		n++
	}
	return v, n
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}
