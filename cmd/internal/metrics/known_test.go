package metrics

import (
	"strings"
	"testing"
)

// What is known is looked up now and then; a message that turns out to be another one
// takes nothing away from a counter.
func TestKnown(t *testing.T) {
	r := New("")
	imap, outside := uint64(5), 2
	k := r.NewKnown(Knowledge{
		Downloaded: func() (uint64, uint64, uint64) { return imap, 1, 0 },
		InForce: func(add func(source, target string)) {
			for range outside {
				add("sieve", "outside")
			}
		},
	})
	expect := func(lines ...string) {
		t.Helper()
		for _, line := range lines {
			if out := text(r); !strings.Contains(out, "\nmailsensor_"+line+"\n") {
				t.Errorf("no %s", line)
			}
		}
	}
	k.Update(now)
	expect(`downloaded_messages_total{protocol="imap"} 5`, `downloaded_messages_total{protocol="pop3"} 1`,
		`rules_in_force{source="sieve",target="outside"} 2`, `rules_in_force{source="owa",target="outside"} 0`)
	imap, outside = 4, 0
	k.Update(now + 1)
	expect(`rules_in_force{source="sieve",target="outside"} 2`)
	k.Update(now + knownEvery)
	expect(`downloaded_messages_total{protocol="imap"} 5`, `rules_in_force{source="sieve",target="outside"} 0`)
}
