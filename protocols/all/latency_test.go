package all

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// What was read of a mailbox says when it was asked for, where that is known.
func TestReadStarted(t *testing.T) {
	for _, c := range []struct {
		name, dialogue string
		port           uint16
		want           bool
	}{
		{"imap", "S: * PREAUTH ready\nC: a SELECT x\nS: a OK\nC: b FETCH 1 BODY[]\nS: * 1 FETCH (BODY[] {3}\nS> abc)\\r\\n\nS: b OK\n", 143, true},
		{"imap, no end", "S: * PREAUTH ready\nC: a SELECT x\nS: a OK\nC: b FETCH 1 BODY[]\nS: * 1 FETCH (BODY[] {3}\nS> abc)\\r\\n\n", 143, false},
		{"pop3", "S: +OK\nC: USER x\nS: +OK\nC: PASS y\nS: +OK\nC: RETR 1\nS: +OK\nS: abc\nS: .\n", 110, true},
		{"pop3, no end", "S: +OK\nC: USER x\nS: +OK\nC: PASS y\nS: +OK\nC: RETR 1\nS: +OK\nS: abc\n", 110, false},
	} {
		reads := 0
		for _, ev := range protocoltest.Play(Protocols(Config{}), protocoltest.Conn(c.port), protocoltest.Parse(t, c.dialogue)) {
			if e, ok := ev.(*protocols.MailboxRead); ok {
				reads++
				if (e.Started > 0) != c.want || c.want && e.Started >= e.Time {
					t.Errorf("%s: asked for at %d, there at %d", c.name, e.Started, e.Time)
				}
			}
		}
		if reads != 1 {
			t.Errorf("%s: %d events", c.name, reads)
		}
	}
}
