package smtp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"mailsensor/capture"
	"mailsensor/protocols/protocoltest"
)

// told is what the backend of a real server was told, in the form of events.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (b *told) add(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, fmt.Sprintf(format, args...))
}

// session refuses whatever has "bad" in its name or content.
type session struct {
	*told
	from  string
	rcpts []string
}

var errNo = &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 0}, Message: "no"}

func (s *session) Reset()        { s.from, s.rcpts = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	if strings.Contains(from, "bad") {
		return errNo
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if strings.Contains(to, "bad") {
		return errNo
	}
	s.rcpts = append(s.rcpts, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	switch {
	case err != nil:
		return err
	case strings.Contains(string(b), "bad"):
		return errNo
	}
	s.add("message %q %q %d", s.from, s.rcpts, len(b))
	return nil
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "right" {
			s.add("login %q false", user)
			return errors.New("no")
		}
		s.add("login %q true", user)
		return nil
	}), nil
}

// recorder is the client's end of a connection that keeps what crosses it.
type recorder struct {
	net.Conn
	r     *bufio.Reader
	turns []protocoltest.Turn
}

func (c *recorder) send(text string) {
	c.turns = append(c.turns, protocoltest.Turn{Dir: capture.ToServer, Text: []byte(text)})
	io.WriteString(c.Conn, text)
}

// reply reads one reply and returns its first digit; 0: the connection ended.
func (c *recorder) reply() byte {
	for {
		text, err := c.r.ReadString('\n')
		if err != nil {
			return 0
		}
		c.turns = append(c.turns, protocoltest.Turn{Dir: capture.ToClient, Text: []byte(text)})
		if len(text) > 3 && text[3] == ' ' {
			return text[0]
		}
	}
}

func name(r *rand.Rand) string {
	if r.IntN(5) == 0 {
		return fmt.Sprintf("bad%d@b.example", r.IntN(100))
	}
	return fmt.Sprintf("user%d@b.example", r.IntN(100))
}

// text is content whose lines are such as might confuse.
func text(r *rand.Rand) string {
	b := "Subject: x\r\n\r\n"
	odd := []string{".", "..", "QUIT", "MAIL FROM:<evil@a.example>", "250 ok", ".hidden", "", "BDAT 5 LAST", strings.Repeat("long ", 150)}
	for range r.IntN(8) {
		b += odd[r.IntN(len(odd))] + "\r\n"
	}
	if r.IntN(6) == 0 {
		b += "bad\r\n"
	}
	return b
}

func stuff(s string) string {
	return strings.ReplaceAll("\r\n"+s, "\r\n.", "\r\n..")[2:] + ".\r\n"
}

// talk plays a random session.
func talk(c *recorder, r *rand.Rand, lmtp bool) {
	c.reply()
	hello := "EHLO c\r\n"
	if lmtp {
		hello = "LHLO c\r\n"
	}
	c.send(hello)
	c.reply()
	for range 1 + r.IntN(5) {
		if r.IntN(6) == 0 {
			authenticate(c, r)
		}
		if !exchange(c, r, lmtp) {
			return
		}
		switch r.IntN(6) {
		case 0:
			c.send("RSET\r\n")
			c.reply()
		case 1:
			c.send(hello)
			c.reply()
		case 2:
			c.send("NOOP\r\n")
			c.reply()
		}
	}
	if r.IntN(4) > 0 {
		c.send("QUIT\r\n")
		c.reply()
	}
}

func authenticate(c *recorder, r *rand.Rand) {
	if r.IntN(2) == 0 {
		c.send("AUTH PLAIN AGFubgBSSUdIVA==\r\n") // a wrong password
	} else {
		c.send("AUTH PLAIN\r\n")
		c.reply()
		c.send("AGFubgByaWdodA==\r\n")
	}
	c.reply()
}

// exchange sends one transaction, in groups or command by command.
func exchange(c *recorder, r *rand.Rand, lmtp bool) bool {
	commands := []string{"MAIL FROM:<" + name(r) + ">\r\n"}
	if r.IntN(10) == 0 {
		commands[0] = "MAIL FROM:<>\r\n"
	}
	for range 1 + r.IntN(3) {
		commands = append(commands, "RCPT TO:<"+name(r)+">\r\n")
	}
	pipelined := r.IntN(2) == 0
	accepted, mail := 0, true
	note := func(i int, code byte) {
		if i == 0 {
			mail = code == '2'
		} else if code == '2' {
			accepted++
		}
	}
	data := r.IntN(2) == 0
	if pipelined {
		group := strings.Join(commands, "")
		if data {
			group += "DATA\r\n"
		}
		c.send(group)
		for i := range commands {
			note(i, c.reply())
		}
	} else {
		for i, command := range commands {
			c.send(command)
			note(i, c.reply())
		}
		if data {
			c.send("DATA\r\n")
		}
	}
	replies := 1
	if lmtp {
		replies = accepted
	}
	if data {
		if c.reply() != '3' {
			return abort(c)
		}
		c.send(stuff(text(r)))
		for range replies {
			c.reply()
		}
		return true
	}
	if !mail || accepted == 0 {
		return abort(c)
	}
	if raceDetector { // go-smtp v0.25 itself has a data race in BDAT
		return abort(c)
	}
	return chunks(c, r, text(r), replies)
}

// abort ends a transaction that may be open: this server takes a second MAIL for
// a change of the first.
func abort(c *recorder) bool {
	c.send("RSET\r\n")
	c.reply()
	return true
}

// chunks sends content by BDAT, pipelined or not, or gives up in the middle.
func chunks(c *recorder, r *rand.Rand, content string, replies int) bool {
	pipelined := r.IntN(2) == 0
	var group strings.Builder
	n := 0
	for {
		k := min(r.IntN(60), len(content))
		last := ""
		if k == len(content) && r.IntN(2) == 0 {
			last = " LAST"
		}
		fmt.Fprintf(&group, "BDAT %d%s\r\n%s", k, last, content[:k])
		content = content[k:]
		if n++; !pipelined || last != "" {
			c.send(group.String())
			group.Reset()
			for ; n > 1 || n == 1 && last == ""; n-- {
				c.reply()
			}
		}
		if last != "" {
			break
		}
		if r.IntN(40) == 0 && !pipelined {
			return r.IntN(2) == 0 && abort(c)
		}
	}
	for range replies {
		c.reply()
	}
	return true
}

// TestPeers has hundreds of seeded sessions with a real server over loopback and
// compares the events with what its backend was told.
func TestPeers(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		backend := new(told)
		server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) {
			return &session{told: backend}, nil
		}))
		server.Domain, server.AllowInsecureAuth, server.EnableBINARYMIME = "mx.b.example", true, true
		server.ErrorLog = quiet{}
		server.LMTP = seed%8 == 0
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go server.Serve(listener)
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c := &recorder{Conn: conn, r: bufio.NewReader(conn)}
		talk(c, r, server.LMTP)
		conn.Close()
		server.Close()
		backend.mu.Lock()
		want := strings.Join(backend.lines, "\n")
		backend.mu.Unlock()
		if got := accepted(c.turns); got != want {
			var dialogue strings.Builder
			for _, turn := range c.turns {
				fmt.Fprintf(&dialogue, "%v %q\n", turn.Dir, turn.Text)
			}
			t.Fatalf("seed %d: got\n%s\nwant\n%s\n%s", seed, got, want, dialogue.String())
		}
	}
}

// accepted renders the events as the backend notes them.
func accepted(turns []protocoltest.Turn) string {
	var out []string
	for _, ev := range events(turns) {
		if line := asTold(ev); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}
