// Package remote recognises remote access in passing: SSH, RDP, VNC, Telnet and
// TeamViewer's own protocol. It notes who reached whom and lets go: only octets are
// counted from there on. Services that hide in TLS are known by the name their
// clients ask for, in protocols/tls.
//
// Ownership: nothing of what is parsed is kept.
package remote

import (
	"bytes"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// Protocols returns one protocol for each way of access, most certain first.
func Protocols() []protocols.Protocol {
	return []protocols.Protocol{
		protocol("ssh", []uint16{22, 2222}, sshProbe, banner),
		protocol("vnc", []uint16{5900, 5901}, vncProbe, banner),
		protocol("rdp", []uint16{3389}, rdpProbe, cookie),
		protocol("teamviewer", []uint16{5938}, teamViewerProbe, nil),
		protocol("telnet", []uint16{23}, telnetProbe, nil),
	}
}

// naming finds the name by which a connection was recognised in what one direction
// begins with. more says that it is not there yet.
type naming func(d capture.Dir, b []byte) (name []byte, more bool)

func protocol(name string, ports []uint16, probe func(protocols.Probe) protocols.Verdict, find naming) protocols.Protocol {
	return protocols.Protocol{
		Name:    name,
		Ports:   ports,
		Probe:   probe,
		New:     func() protocols.Parser { return &parser{kind: name, find: find} },
		Visible: protocols.Unidentified, // whatever is said cannot be read
	}
}

// maxName bounds a name, and how long one is waited for.
const maxName = 255

const maxHeard = 4 << 10

// parser waits for the name, if the kind has one.
type parser struct {
	kind  string
	find  naming
	noted bool
	heard int // octets of the client: the server may never be seen
}

// Parse implements protocols.Parser.
func (p *parser) Parse(d capture.Dir, _ int64, b []byte, out protocols.Sink) (int, protocols.Action) {
	p.note(out, nil)
	if p.find == nil {
		return 0, protocols.Stop
	}
	name, more := p.find(d, b)
	if more && len(b) <= maxName {
		return 0, protocols.Continue
	}
	if p.heard < maxHeard && len(name) == 0 && d == capture.ToServer && !more { // the name is the server's
		p.heard += len(b)
		return len(b), protocols.Continue
	}
	p.note(out, name)
	return 0, protocols.Stop
}

// note tells of the kind at once, and of the name as soon as it is known.
func (p *parser) note(out protocols.Sink, name []byte) {
	if !p.noted || len(name) > 0 {
		p.noted = true
		out.SetRemote(p.kind, name[:min(len(name), maxName)])
	}
}

func (*parser) Gap(capture.Dir, int64, int, protocols.Sink) {}
func (*parser) Close(int64, protocols.Sink)                 {}

// Reset implements protocols.Parser.
func (p *parser) Reset(capture.Conn) { p.noted, p.heard = false, 0 }

// banner is the server's first line: its software (RFC 4253, section 4.2), or its
// version of RFB (RFC 6143, section 7.1.1).
func banner(d capture.Dir, b []byte) (name []byte, more bool) {
	if d == capture.ToServer {
		return nil, false
	}
	i := bytes.IndexByte(b, '\n')
	return bytes.TrimRight(b[:max(i, 0)], "\r"), i < 0
}

// cookie is the user that an RDP client names ([MS-RDPBCGR], section 2.2.1.1).
func cookie(d capture.Dir, b []byte) (name []byte, more bool) {
	if d == capture.ToClient {
		return []byte{}, false
	}
	if len(b) < tpkt || len(b) < int(b[2])<<8|int(b[3]) {
		return nil, true
	}
	if _, rest, ok := bytes.Cut(b, []byte("Cookie: mstshash=")); ok {
		name, _, _ = bytes.Cut(rest, []byte("\r\n"))
	}
	return name, false
}
