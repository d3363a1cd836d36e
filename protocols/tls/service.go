package tls

import (
	"bytes"

	"mailsensor/protocols"
)

// serviceOf says which protocol to watch is behind the handshake: by what was
// spoken before STARTTLS, by ALPN (RFC 7301's registry has imap and pop3), by the
// port, by the name that is asked for. Everything else is of no interest.
func (p *parser) serviceOf(e *protocols.TLSStart, via *protocols.Via) string {
	if e.StartTLS {
		return watched(e.Protocol)
	}
	if len(e.ALPN) > 0 {
		return watched(string(e.ALPN))
	}
	port := p.conn.Server.Port()
	if via != nil && via.Kind != "" {
		port = via.Port
	}
	switch port {
	case 993, 143:
		return "imap"
	case 995, 110:
		return "pop3"
	case 25, 465, 587, 4190:
		return ""
	}
	label, _, _ := bytes.Cut(bytes.ToLower(p.hs.hello.name), []byte("."))
	switch {
	case bytes.HasPrefix(label, []byte("imap")):
		return "imap"
	case bytes.HasPrefix(label, []byte("pop")) && len(label) <= len("pop3s"), bytes.HasPrefix(label, []byte("pop-")), bytes.HasPrefix(label, []byte("pop3-")):
		return "pop3"
	}
	return ""
}

func watched(name string) string {
	switch name {
	case "imap", "pop3":
		return name
	}
	return ""
}
