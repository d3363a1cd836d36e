package imap

import (
	"math/rand/v2"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// twoWays plays what a server says whole and octet by octet. Octet by octet no
// item is ever whole, so that all of them are read by the lexer.
func twoWays(t *testing.T, text []byte) {
	t.Helper()
	c := protocoltest.Conn(143)
	p := newProtocol(1 << 62)
	p.Probe = func(protocols.Probe) protocols.Verdict { return protocols.Accept }
	list := []protocols.Protocol{p}
	start := []protocoltest.Turn{
		{Dir: capture.ToClient, Text: []byte("* OK\r\n")},
		{Dir: capture.ToServer, Text: []byte("a SELECT x\r\nb FETCH 1:* (BODY[]<5.9>)\r\n")},
		{Dir: capture.ToClient, Text: []byte("* 9 EXISTS\r\na OK\r\n")},
	}
	whole := append(start[:3:3], protocoltest.Turn{Dir: capture.ToClient, Text: text})
	octets := start[:3:3]
	for i := range text {
		octets = append(octets, protocoltest.Turn{Dir: capture.ToClient, Text: text[i : i+1]})
	}
	got := strings.Join(protocoltest.Run(list, c, whole), "\n")
	if want := strings.Join(protocoltest.Run(list, c, octets), "\n"); got != want {
		t.Fatalf("%q\n is read as %s\nby the lexer as %s", text, got, want)
	}
}

var ordinaryPieces = []string{
	"* 7 FETCH (", "* 8 fetch (", "* 0 FETCH (", "* 123456789012345678 FETCH (", "* 1234567890123456789 FETCH (", "*  7 FETCH (", "* 7 FETCH  (",
	"UID 7", "UID 9", " ", "  ", "uid 4", "UID 99999999999", "UID x", "UID (1)", "RFC822.SIZE 9", "RFC822.SIZE 9{", "FLAGS (\\Seen \\X)", "FLAGS ()",
	"FLAGS (a (b) c)", "FLAGS (\"a)\")", "FLAGS ({1}\r\n))", "FLAGS (a\r\n)", "MODSEQ (9)", "X-A 5", "X (UID 5)", "INTERNALDATE \"x\"",
	"BODY[] {3}\r\nabc", "BODY[] {3}\r\n)\r\n", "BODY[] {0}\r\n", "RFC822 {2}\r\n* ", "RFC822 {5}\r\nab", "BODY[] {3+}\r\nabc", "BODY[]<5> {3}\r\nabc",
	"BODY[] \"x\"", "BODY[] NIL", "BODY[TEXT] {1}\r\nx", "BODY[HEADER.FIELDS (A)] {1}\r\nx", "BODY[] {3}\nabc", "BODY[] {}\r\n", "ENVELOPE (1)", "x",
	"BODY[] {99999999999999999999}\r\n", "BODY[] {999999999999999999}\r\n", ")\r\n", ")\n", ") \r\n", ")", "\r", "\r\n", "b OK\r\n", "(", "\"", "\\", "{",
}

func TestOrdinaryItemsAreReadAsOthers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for range 3000 {
		var text []byte
		for range rng.IntN(4) {
			text = append(text, "* 7 FETCH ("...)
			for range rng.IntN(5) {
				text = append(text, ordinaryPieces[rng.IntN(len(ordinaryPieces))]...)
				if rng.IntN(3) > 0 {
					text = append(text, ' ')
				}
			}
			text = append(text, []string{")\r\n", "", ordinaryPieces[rng.IntN(len(ordinaryPieces))]}[rng.IntN(3)]...)
		}
		twoWays(t, text)
	}
}

func FuzzOrdinary(f *testing.F) {
	f.Add([]byte("* 7 FETCH (UID 7 RFC822.SIZE 9 FLAGS (\\Seen) BODY[] {3}\r\nabc)\r\n* 8 FETCH (RFC822 {9}\r\n"))
	for _, piece := range ordinaryPieces {
		f.Add([]byte("* 3 FETCH (" + piece + " UID 5 RFC822 {1}\r\nx)\r\n"))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) <= 2048 {
			twoWays(t, text)
		}
	})
}
