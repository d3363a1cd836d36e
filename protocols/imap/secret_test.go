package imap

import (
	"strings"
	"testing"

	"mailsensor/protocols/protocoltest"
)

// TestNoSecretsAfterLosses takes every run of octets out of the client's side of
// logins, and looks for the password in the events.
func TestNoSecretsAfterLosses(t *testing.T) {
	for _, dialogue := range []string{
		"S: * OK hi\nC: a LOGIN {6}\nS: +\nC> robert {6}\\r\\n\nS: +\nC> s3cret\\r\\n\nC: b NOOP\nS: a OK\nS: b OK",
		"S: * OK hi\nC: a LOGIN {6}\nC> robert {6}\\r\\n\nC> s3cret\\r\\n\nC: b NOOP\nS: a OK\nS: b OK",
		"S: * OK hi\nC> a LOGIN {6+}\\r\\nrobert {6+}\\r\\ns3cret\\r\\n\nC: b LOGIN \"robert\" \"s3cret\"\nC: c LOGIN robert s3cret\nS: a OK\nS: b OK",
		"C: a LOGIN {6}\nC> robert {6}\\r\\n\nC> s3cret\\r\\n\nC: b1 SELECT INBOX",
		"S: * OK hi\nC: a AUTHENTICATE LOGIN\nS: + VXNlcm5hbWU6\nC: cm9iZXJ0\nS: + UGFzc3dvcmQ6\nC: czNjcmV0\nS: a OK",
		"S: * OK hi\nC: a AUTHENTICATE PLAIN\nS: +\nC: AHJvYmVydABzM2NyZXQ=\nS: a OK\nC: b AUTHENTICATE PLAIN AHJvYmVydABzM2NyZXQ=\nS: b OK",
	} {
		turns := protocoltest.Parse(t, dialogue)
		for i := range turns {
			if turns[i].Dir != 0 {
				continue
			}
			for from := range turns[i].Text {
				for to := from + 1; to <= len(turns[i].Text); to++ {
					lose(t, turns, i, from, to)
				}
			}
		}
	}
}

func lose(t *testing.T, turns []protocoltest.Turn, i, from, to int) {
	var out []protocoltest.Turn
	out = append(out, turns[:i]...)
	text := turns[i].Text
	out = append(out, protocoltest.Turn{Text: text[:from]}, protocoltest.Turn{Gap: to - from}, protocoltest.Turn{Text: text[to:]})
	out = append(out, turns[i+1:]...)
	events := strings.Join(protocoltest.Run(list, protocoltest.Conn(143), out), "\n")
	for n := 3; n <= 6; n++ { // nor much of it
		if strings.Contains(events, "s3cret"[:n]) || strings.Contains(events, "s3cret"[6-n:]) {
			t.Fatalf("%q without %d to %d:\n%s", text, from, to, events)
		}
	}
}
