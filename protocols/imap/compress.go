package imap

import (
	"mailsensor/capture"
	"mailsensor/protocols"
)

// awaitCompress keeps what the client sends behind COMPRESS until the reply says
// whether it is compressed (RFC 4978, section 3: a client has to wait, too). Where
// the server is not heard, what is sent tells by itself: compressed octets are no
// text for long. more says that commands go on.
func (p *parser) awaitCompress(b []byte) (act protocols.Action, more bool) {
	if p.seen[capture.ToClient] && len(b) < protocols.MaxToken {
		return protocols.Continue, false
	}
	for _, c := range b {
		switch {
		case c == '\n':
			p.wantZip = false
			return protocols.Continue, true
		case c < ' ' && c != '\r' && c != '\t', c >= 0x7f:
			p.wantZip = false
			return protocols.Compressed, false
		}
	}
	p.wantZip = len(b) < protocols.MaxToken
	return protocols.Continue, !p.wantZip
}
