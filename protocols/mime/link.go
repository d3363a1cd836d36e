package mime

import "bytes"

// Bounds of links.
const (
	maxLinks     = 64  // hosts kept of a message
	maxAuthority = 512 // octets of one, user information included; those of a longer one are lost
)

// links finds the hosts of http and https URLs (RFC 3986, section 3.2.2) in text as
// it comes, and keeps each once. Of the text it holds no more than the authority of
// the URL at hand.
type links struct {
	state   linkState
	scheme  [5]byte // the last octets of what was written, in lower case
	n       int
	pending [maxAuthority]byte
	names   []byte // one behind the other
	hosts   []span // of names
	dropped bool
}

type linkState uint8

const (
	seeking     linkState = iota
	colonSeen             // behind http:
	slashSeen             // behind http:/
	inAuthority           // behind http://
	overlong              // an authority beyond the bound
)

func (l *links) reset() {
	l.names, l.hosts, l.dropped = l.names[:0], l.hosts[:0], false
	l.begin()
}

// begin says that another text begins.
func (l *links) begin() {
	l.state, l.n, l.scheme = seeking, 0, [5]byte{}
}

func (l *links) write(b []byte) {
	for i := 0; i < len(b); {
		if l.state == seeking {
			n := bytes.IndexByte(b[i:], ':')
			if n < 0 {
				break
			}
			if i += n; l.webScheme(b[:i]) {
				l.state = colonSeen
			}
			i++
			continue
		}
		if l.step(b[i]) {
			i++
		}
	}
	if n := len(b); n >= len(l.scheme) {
		copy(l.scheme[:], b[n-len(l.scheme):])
	} else {
		copy(l.scheme[:], l.scheme[n:])
		copy(l.scheme[len(l.scheme)-n:], b)
	}
}

// webScheme reports whether before, or what was written earlier and before, ends
// with http or https.
func (l *links) webScheme(before []byte) bool {
	var last [5]byte
	n := min(len(before), len(last))
	copy(last[:], l.scheme[n:])
	copy(last[len(last)-n:], before[len(before)-n:])
	return equalFold(last[:], "https") || equalFold(last[1:], "http")
}

// step takes c, or changes the state so that it can be taken.
func (l *links) step(c byte) (taken bool) {
	switch l.state {
	case colonSeen, slashSeen:
		if c != '/' && c != '\\' { // browsers take either
			l.state = seeking
			return false
		}
		l.state++
		l.n = 0
		return true
	}
	if classes[c]&endsAuthority != 0 {
		if l.state == inAuthority {
			l.keep(l.pending[:l.n])
		}
		l.state = seeking
		return false
	}
	if l.n == len(l.pending) {
		l.state, l.dropped = overlong, true
		return true
	}
	if l.state == inAuthority {
		l.pending[l.n] = lower(c)
		l.n++
	}
	return true
}

// end says that the text is over.
func (l *links) end() {
	if l.state == inAuthority {
		l.keep(l.pending[:l.n])
	}
	l.begin()
}

// keep keeps the host of an authority, in lower case.
func (l *links) keep(authority []byte) {
	host := authority[bytes.LastIndexByte(authority, '@')+1:]
	if len(host) > 0 && host[0] == '[' {
		host = host[1:max(1, bytes.IndexByte(host, ']'))]
	} else {
		host = bytes.TrimRight(host[:until(host, endsHost)], ".")
	}
	if len(host) == 0 || len(host) > 253 {
		return
	}
	for _, s := range l.hosts {
		if bytes.Equal(l.names[s.start:s.end], host) {
			return
		}
	}
	if len(l.hosts) == maxLinks {
		l.dropped = true
		return
	}
	from := len(l.names)
	l.names = append(l.names, host...)
	l.hosts = append(l.hosts, span{uint32(from), uint32(len(l.names))})
}
