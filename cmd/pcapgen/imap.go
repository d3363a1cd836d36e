package main

import (
	"fmt"

	"mailsensor/capture"
)

const (
	exists  = 400
	uidBase = 1000 // the UID of the message before the first
)

// imapSession is a client that reads its mail (RFC 3501).
type imapSession struct {
	*flow
	greeted, left bool
	todo          int
	tag           int
	batch         int // messages still to come in answer to one FETCH
	uid           int // of the next of them
	mailbox       int // messages in it
}

func newIMAP(f *flow) session {
	return &imapSession{flow: f, todo: 2 + f.g.rng.IntN(6), mailbox: exists}
}

func (s *imapSession) more(ending bool) bool {
	switch {
	case s.left:
		return false
	case !s.greeted:
		s.greeted = true
		s.greet()
	case s.batch > 0 && !ending:
		s.batch--
		s.body("BODY[]", s.uid)
		s.uid++
		if s.batch == 0 {
			s.done("FETCH")
		}
	case s.batch > 0:
		s.batch = 0
		s.done("FETCH")
	case ending || s.todo == 0:
		s.left = true
		s.command("LOGOUT")
		s.say(server, "* BYE Logging out\r\n")
		s.done("LOGOUT")
	default:
		s.todo--
		s.exchange()
	}
	return true
}

func (s *imapSession) command(format string, args ...any) {
	s.tag++
	s.say(client, "a%d %s\r\n", s.tag, fmt.Sprintf(format, args...))
}

func (s *imapSession) done(what string) { s.say(server, "a%d OK %s completed\r\n", s.tag, what) }

func (s *imapSession) greet() {
	s.say(server, "* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR IDLE UIDPLUS AUTH=PLAIN] Dovecot ready.\r\n")
	if s.g.rng.IntN(50) == 0 {
		s.command("LOGIN user%d@corp.example wrong", s.account)
		s.say(server, "a%d NO [AUTHENTICATIONFAILED] Authentication failed.\r\n", s.tag)
		s.g.truth.IMAP.LoginsFailed++
	}
	s.command("LOGIN user%d@corp.example secret%d", s.account, s.account)
	s.done("LOGIN")
	s.g.truth.IMAP.LoginsOK++
	s.command("SELECT INBOX")
	s.say(server, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %d] UIDs valid\r\n* OK [UIDNEXT %d] Predicted next UID\r\na%d OK [READ-WRITE] SELECT completed\r\n",
		exists, 1_700_000_000+s.account, uidBase+10*exists, s.tag)
}

func (s *imapSession) exchange() {
	rng := s.g.rng
	uid := uidBase + 1 + rng.IntN(exists-20)
	switch n := rng.IntN(20); {
	case n < 2:
		s.headers(uid, 5+rng.IntN(15))
	case n < 8:
		s.command("UID FETCH %d (UID RFC822.SIZE FLAGS BODY.PEEK[])", uid)
		s.body("BODY[]", uid)
		s.done("FETCH")
	case n < 12:
		s.batch, s.uid = 2+rng.IntN(11), uid
		s.command("UID FETCH %d:%d (UID RFC822.SIZE FLAGS BODY.PEEK[])", uid, uid+s.batch-1)
	case n < 17:
		s.command("FETCH %d (UID RFC822.SIZE FLAGS RFC822)", uid-uidBase)
		s.body("RFC822", uid)
		s.done("FETCH")
	case n < 19:
		s.idle()
	default:
		s.upload()
	}
}

func (s *imapSession) headers(uid, count int) {
	s.command("UID FETCH %d:%d (UID FLAGS BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])", uid, uid+count-1)
	start := len(s.buf)
	for i := range count {
		head := fmt.Sprintf("From: %s\r\nSubject: message %d\r\n\r\n", s.g.person(), uid+i)
		s.buf = fmt.Appendf(s.buf, "* %d FETCH (UID %d FLAGS (\\Seen) BODY[HEADER.FIELDS (FROM SUBJECT)] {%d}\r\n%s)\r\n",
			uid+i-uidBase, uid+i, len(head), head)
		s.g.headers[mailID{s.account, uid + i}] = true
	}
	s.said(server, start)
	s.done("FETCH")
}

// body is the answer to a FETCH of a whole message.
func (s *imapSession) body(item string, uid int) {
	content := s.g.message(s.kind)
	start := len(s.buf)
	s.buf = fmt.Appendf(s.buf, "* %d FETCH (UID %d RFC822.SIZE %d FLAGS (\\Seen) %s {%d}\r\n",
		uid-uidBase, uid, len(content), item, len(content))
	s.buf = append(append(s.buf, content...), ")\r\n"...)
	s.said(server, start)
	s.g.body[mailID{s.account, uid}] = true
	s.g.truth.IMAP.BodyItems++
	s.g.truth.IMAP.BodyBytes += int64(len(content))
}

// idle waits for new mail (RFC 2177).
func (s *imapSession) idle() {
	s.command("IDLE")
	s.say(server, "+ idling\r\n")
	s.mailbox++
	s.say(server, "* %d EXISTS\r\n", s.mailbox)
	s.say(client, "DONE\r\n")
	s.done("IDLE")
}

// upload appends a message, in a literal that waits for the server's leave.
func (s *imapSession) upload() {
	content := s.g.message(s.kind)
	s.command("APPEND Sent (\\Seen) {%d}", len(content))
	s.say(server, "+ OK\r\n")
	start := len(s.buf)
	s.buf = append(append(s.buf, content...), "\r\n"...)
	s.said(capture.ToServer, start)
	s.done("APPEND")
	s.g.truth.IMAP.MessagesAppended++
}
