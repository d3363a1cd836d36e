package http

import (
	"mailsensor/capture"
	"mailsensor/protocols"
)

// tunnel is what a CONNECT asks for (RFC 9110, section 9.3.6).
type tunnel struct {
	host  []byte
	port  uint16
	agent []byte
	code  int // of a refusal that may not be the last word; 0: none
}

func (c *tunnel) keep(host []byte, port uint16) {
	c.host, c.port = append(c.host[:0], cut(host, 255)...), port
}

// connected is the answer to a CONNECT.
func (p *parser) connected(t int64, x *exchange) protocols.Action {
	s := &p.side[capture.ToClient]
	if p.granted() {
		p.tellTunnel(t, &x.tunnel, protocols.Accepted)
		p.refused.code = 0
		v := p.out.Via().Through("connect", string(x.tunnel.host), x.tunnel.port, string(p.proxy.user))
		p.drop()
		p.out.SetVia(v)
		p.out.SetAccount(nil)
		return protocols.Tunnelled
	}
	p.refuse(t, x)
	if c := &p.side[capture.ToServer]; c.phase == held {
		c.phase = startLine
	}
	p.frame(capture.ToClient, t, false)
	p.decode(t, &s.body, &s.header, false)
	if s.phase == startLine {
		p.over(capture.ToClient, t)
	}
	return protocols.Continue
}

func (p *parser) granted() bool { return p.status >= 200 && p.status < 300 }

// refuse is any other answer.
func (p *parser) refuse(t int64, x *exchange) {
	if p.status == 407 { // the client may try again with credentials
		host, agent := append(p.refused.host[:0], x.tunnel.host...), append(p.refused.agent[:0], x.tunnel.agent...)
		p.refused = tunnel{host, x.tunnel.port, agent, p.status}
		return
	}
	p.tellTunnel(t, &x.tunnel, protocols.Rejected)
	p.refused.code = 0
}

func (p *parser) tellTunnel(t int64, c *tunnel, o protocols.Outcome) {
	e := p.out.Tunnel(t)
	e.Kind, e.Target, e.Port, e.Outcome, e.Code = "connect", p.out.Copy(c.host), c.port, o, uint16(p.status)
	e.User, e.Mechanism, e.UserAgent = p.out.Copy(p.proxy.user), p.proxy.mechanism, p.out.Copy(c.agent)
}

// abandon tells of a tunnel that was refused for want of credentials, and not asked
// for again.
func (p *parser) abandon(t int64) {
	if p.refused.code != 0 {
		p.status = p.refused.code
		p.tellTunnel(t, &p.refused, protocols.Rejected)
		p.refused.code = 0
	}
}
