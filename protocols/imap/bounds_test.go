package imap

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// play runs text of both sides, each in one piece, and returns the events.
func play(parts ...any) []string {
	var turns []protocoltest.Turn
	for i := 0; i < len(parts); i += 2 {
		turns = append(turns, protocoltest.Turn{Dir: parts[i].(capture.Dir), Text: []byte(parts[i+1].(string))})
	}
	return protocoltest.Run(list, protocoltest.Conn(143), turns)
}

func has(events []string, part string) bool {
	return strings.Contains(strings.Join(events, "\n"), part)
}

func TestPipelineIsBounded(t *testing.T) {
	var b bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintf(&b, "a%d NOOP\r\n", i)
	}
	events := play(capture.ToClient, "* OK\r\n", capture.ToServer, "x LOGIN bob pw\r\n"+b.String(), capture.ToClient, "a99999 OK\r\n")
	if !has(events, "imap_pipeline") || !has(events, `login Mechanism=LOGIN User="bob"`) {
		t.Errorf("%q", events)
	}
}

func TestLongThingsAreFollowed(t *testing.T) {
	set := strings.Repeat("1,3,", 100_000) + "5"
	long := strings.Repeat("x", 100_000)
	events := play(
		capture.ToClient, "* OK "+long+"\r\n",
		capture.ToServer, "a SELECT INBOX\r\nb UID FETCH "+set+" (BODY[])\r\nc UID SEARCH UID "+set+"\r\nd LOGIN {100000+}\r\n"+long+" \""+long+"\"\r\n",
		capture.ToClient, "* VANISHED "+set+"\r\na OK "+long+"\r\n* SEARCH "+strings.Repeat("7 ", 50_000)+"\r\n* LIST () \"/\" \""+long+"\"\r\n",
		capture.ToClient, "* 1 FETCH (X ("+strings.Repeat("(a)", 50_000)+") UID 5 BODY[] \""+long+"\")\r\nb OK\r\nc OK\r\nd OK\r\n",
	)
	for _, want := range []string{"imap_long_line", "Results=50000", "First=5 Last=5 Items=1 Bytes=100000", "Outcome=accepted"} {
		if !has(events, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, ev := range events {
		if len(ev) > 4*maxArgument {
			t.Errorf("an event of %d octets", len(ev))
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	deep := strings.Repeat("(", 1_000_000)
	events := play(capture.ToClient, "* OK\r\n", capture.ToServer, "a NOOP\r\n",
		capture.ToClient, "* 1 FETCH (UID 4 BODYSTRUCTURE "+deep+"\r\na OK\r\n* 2 FETCH (UID 9 RFC822 \"x\")\r\n")
	if !has(events, "imap_deep_nesting") || !has(events, "First=9 Last=9 Items=1 Bytes=1") {
		t.Errorf("%q", events)
	}
}

func TestImpossibleLiterals(t *testing.T) {
	events := play(capture.ToClient, "* OK\r\n", capture.ToServer, "a LOGIN {99999999999999999999}\r\nb NOOP\r\n",
		capture.ToClient, "* 1 FETCH (BODY[] {18446744073709551615}\r\nb OK\r\n* 2 FETCH (UID 9 RFC822 {1}\r\nx)\r\n")
	if !has(events, "imap_bad_literal") || !has(events, "First=9 Last=9 Items=1 Bytes=1") {
		t.Errorf("%q", events)
	}
}

// TestHostileInputIsLinear gives what costs most a generous limit that quadratic
// work would miss by far.
func TestHostileInputIsLinear(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("it takes its time")
	}
	start := time.Now()
	var b bytes.Buffer
	for i := range 200_000 {
		fmt.Fprintf(&b, "* %d FETCH (BODY[HEADER] \"\")\r\n* %d EXPUNGE\r\n* %d FETCH (UID %d)\r\n", 2*i+1, 3*i+1, 5*i+1, 7*i+5)
	}
	play(capture.ToClient, "* OK\r\n", capture.ToServer, "a NOOP\r\n", capture.ToClient, b.String())
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("it took %v", d)
	}
}

// TestLongDownloadIsSeen holds that a download is reported while it runs.
func TestLongDownloadIsSeen(t *testing.T) {
	dr := protocols.NewDriver([]protocols.Protocol{New()})
	c := protocoltest.Conn(143)
	s := dr.Open(c)
	say := func(at time.Duration, text string) int {
		s.Data(capture.ToClient, c.Start+int64(at), []byte(text))
		return len(dr.Batch.Events) - 1 // the first says that the connection is one of IMAP
	}
	say(0, "* OK\r\n* 1 FETCH (UID 1 RFC822 \"x\")\r\n")
	if n := say(time.Second, "* 2 FETCH (UID 2 RFC822 \"x\")\r\n"); n != 0 {
		t.Errorf("%d events after a second", n)
	}
	if n := say(11*time.Second, "* 3 FETCH (UID 3 RFC822 \"x\")\r\n"); n != 1 {
		t.Errorf("%d events after eleven seconds", n)
	}
	say(12*time.Second, "* 4 FETCH (UID 4 RFC822 {5000000}\r\n")
	if n := say(12*time.Second, strings.Repeat("x", 5_000_000)+")\r\n"); n != 2 {
		t.Errorf("%d events after 5 MB", n)
	}
	var b bytes.Buffer
	for i := range 2 * maxItems {
		fmt.Fprintf(&b, "* %d FETCH (UID %d RFC822 \"x\")\r\n", i+5, 10*i+10)
	}
	if n := say(13*time.Second, b.String()); n != 4 {
		t.Errorf("%d events after %d items", n, 2*maxItems)
	}
}

// TestNoSecrets looks for passwords in every event.
func TestNoSecrets(t *testing.T) {
	events := play(capture.ToClient, "* OK\r\n",
		capture.ToServer, "a LOGIN bob s3cret\r\nb LOGIN bob \"s3cret\"\r\nc LOGIN {3+}\r\nbob {6+}\r\ns3cret\r\nd LOGIN bob {6+}\r\ns3cret x\r\n"+
			"s3cret\r\n\"s3cret\" s3cret\r\ne AUTHENTICATE PLAIN AGJvYgBzM2NyZXQ=\r\nf LOGIN\r\ng LOGIN (bob) s3cret\r\n",
		capture.ToClient, "s3cret s3cret\r\n* 1 FETCH (BODY[] \"s3cret\")\r\ns3cret OK s3cret\r\na NO s3cret\r\n")
	if !has(events, `User="bob"`) || has(events, "s3cret") || has(events, "czNjcmV0") {
		t.Errorf("%q", events)
	}
}
