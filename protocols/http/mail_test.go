package http

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// exchanges reads a file of testdata/mail: lines that begin with > are the head of a
// request, those with < that of a response (its first line is the status), others
// content. A line that begins with ~ is a Go string without its quotes and has no
// line end. # at the beginning of a file is a comment.
func exchangesOf(t testing.TB, text string) (turns []protocoltest.Turn) {
	t.Helper()
	var head, body bytes.Buffer
	dir := capture.ToServer
	flush := func() {
		if head.Len() == 0 {
			return
		}
		content := body.String()
		if !strings.HasPrefix(content, "\x00") {
			content = strings.TrimSuffix(content, "\n")
		}
		content = strings.TrimPrefix(content, "\x00")
		if content != "" || dir == capture.ToClient {
			fmt.Fprintf(&head, "Content-Length: %d\r\n", len(content))
		}
		turns = append(turns, protocoltest.Turn{Dir: dir, Text: []byte(head.String() + "\r\n" + content)})
		head.Reset()
		body.Reset()
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"), line == "" && head.Len() == 0:
		case strings.HasPrefix(line, "> "), strings.HasPrefix(line, "< "):
			d := capture.ToServer
			if line[0] == '<' {
				d = capture.ToClient
			}
			rest := line[2:]
			if head.Len() > 0 && d == dir && body.Len() == 0 {
				head.WriteString(rest + "\r\n")
				continue
			}
			flush()
			if dir = d; d == capture.ToServer {
				head.WriteString(rest + " HTTP/1.1\r\nHost: mail.corp.example\r\n")
			} else {
				head.WriteString("HTTP/1.1 " + rest + " x\r\n")
			}
		case strings.HasPrefix(line, "~"):
			s, err := strconv.Unquote(`"` + line[1:] + `"`)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if body.Len() == 0 {
				body.WriteByte(0)
			}
			body.WriteString(s)
		default:
			body.WriteString(line + "\n")
		}
	}
	flush()
	return turns
}

// TestMail plays every file of testdata/mail, after the documentation of the APIs: up
// to ---- the exchanges, behind it the events. Each is also cut everywhere.
func TestMail(t *testing.T) {
	protocoltest.GoldenIn(t, "testdata/mail", exchangesOf, []protocols.Protocol{New()}, 80, 20)
}

// Where octets of a call are lost, what was seen counts and is a lower bound; the call
// behind it is whole again.
func TestMailGaps(t *testing.T) {
	b, err := os.ReadFile("testdata/mail/graph_messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	dialogue, _, _ := strings.Cut(string(b), "----\n")
	turns := exchangesOf(t, dialogue)
	answer := turns[1].Text
	cut := len(answer) - 100 // behind the first message
	lost := append([]protocoltest.Turn{turns[0], {Dir: capture.ToClient, Text: answer[:cut]}, {Dir: capture.ToClient, Gap: 50},
		{Dir: capture.ToClient, Text: answer[cut+50:]}}, turns[2:]...)
	got := protocoltest.Run([]protocols.Protocol{New()}, protocoltest.Conn(80), lost)
	want := protocoltest.Run([]protocols.Protocol{New()}, protocoltest.Conn(80), turns)
	if !strings.Contains(got[0], "Confidence=lower_bound") || !strings.Contains(got[0], "Items=1") || !strings.Contains(got[1], "Confidence=lower_bound") {
		t.Errorf("%s\n%s", got[0], got[1])
	}
	if len(got) != len(want) || strings.Join(got[2:len(got)-1], "\n") != strings.Join(want[2:len(want)-1], "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// A request without an answer: what became of it is not known.
	b, err = os.ReadFile("testdata/mail/ews_rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	dialogue, _, _ = strings.Cut(string(b), "----\n")
	got = protocoltest.Run([]protocols.Protocol{New()}, protocoltest.Conn(80), exchangesOf(t, dialogue)[:1])
	if all := strings.Join(got, "\n"); strings.Contains(all, "Outcome=") || strings.Contains(all, "Live=") || !strings.Contains(all, `Target="x@evil.example"`) {
		t.Errorf("%s", all)
	}
}
