package main

import (
	"encoding/base64"
	"fmt"

	"mailsensor/capture"
)

// Who speaks.
const (
	client = capture.ToServer
	server = capture.ToClient
)

// smtpSession is a client that hands in a few messages (RFC 5321), by DATA or
// by BDAT (RFC 3030), pipelined (RFC 2920) or not.
type smtpSession struct {
	*flow
	greeted, left   bool
	pipelined, bdat bool
	messages        int
}

func newSMTP(f *flow) session {
	rng := f.g.rng
	return &smtpSession{flow: f, pipelined: rng.IntN(2) == 0, bdat: rng.IntN(7) == 0, messages: 1 + rng.IntN(6)}
}

func (s *smtpSession) more(ending bool) bool {
	switch {
	case s.left:
		return false
	case !s.greeted:
		s.greeted = true
		s.greet()
	case ending || s.messages == 0:
		s.left = true
		s.say(client, "QUIT\r\n")
		s.say(server, "221 2.0.0 Bye\r\n")
	default:
		s.messages--
		s.transaction()
	}
	return true
}

func (s *smtpSession) greet() {
	s.say(server, "220 mx.corp.example ESMTP Postfix\r\n")
	s.say(client, "EHLO host%d.corp.example\r\n", s.account)
	s.say(server, "250-mx.corp.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n")
	if s.g.rng.IntN(3) > 0 {
		return
	}
	secret := fmt.Appendf(nil, "\x00user%d@corp.example\x00secret%d", s.account, s.account)
	s.say(client, "AUTH PLAIN %s\r\n", base64.StdEncoding.EncodeToString(secret))
	s.say(server, "235 2.7.0 Authentication successful\r\n")
	s.g.truth.SMTP.LoginsOK++
}

func (s *smtpSession) transaction() {
	g := s.g
	content := g.message(s.kind)
	commands := []string{fmt.Sprintf("MAIL FROM:<user%d@corp.example> SIZE=%d\r\n", s.account, len(content))}
	replies := []string{"250 2.1.0 Ok\r\n"}
	for i := range 1 + g.rng.IntN(5) {
		commands = append(commands, fmt.Sprintf("RCPT TO:<%s>\r\n", g.person()))
		if i > 0 && g.rng.IntN(30) == 0 {
			replies = append(replies, "550 5.1.1 User unknown\r\n")
			g.truth.SMTP.RecipientsRejected++
			continue
		}
		replies = append(replies, "250 2.1.5 Ok\r\n")
		g.truth.SMTP.RecipientsAccepted++
	}
	if !s.bdat {
		commands = append(commands, "DATA\r\n")
		replies = append(replies, "354 End data with <CR><LF>.<CR><LF>\r\n")
	}
	s.envelope(commands, replies)
	if s.bdat {
		s.chunks(content)
	} else {
		start := len(s.buf)
		s.buf = appendStuffed(s.buf, content)
		s.said(client, start)
		s.say(server, "250 2.0.0 Ok: queued as %08X\r\n", g.rng.Uint32())
	}
	g.truth.SMTP.MessagesAccepted++
	g.truth.SMTP.MessageBytes += int64(len(content))
}

func (s *smtpSession) envelope(commands, replies []string) {
	if !s.pipelined {
		for i := range commands {
			s.say(client, "%s", commands[i])
			s.say(server, "%s", replies[i])
		}
		return
	}
	for d, lines := range [2][]string{commands, replies} {
		start := len(s.buf)
		for _, line := range lines {
			s.buf = append(s.buf, line...)
		}
		s.said(capture.Dir(d), start)
	}
}

const chunk = 16_384

func (s *smtpSession) chunks(content []byte) {
	for len(content) > 0 {
		n, last := min(len(content), chunk), ""
		if n == len(content) {
			last = " LAST"
		}
		start := len(s.buf)
		s.buf = fmt.Appendf(s.buf, "BDAT %d%s\r\n", n, last)
		s.buf = append(s.buf, content[:n]...)
		s.said(client, start)
		s.say(server, "250 2.0.0 Ok: %d octets\r\n", n)
		content = content[n:]
	}
}
