package login

import (
	"strings"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

// An old mechanism is told once a server and protocol, however many use it for days;
// a modern one, and one inside TLS, never.
func TestLegacyMechanism(t *testing.T) {
	login := func(s *detectortest.Story, at time.Duration, user, mechanism string, form protocols.Visibility) {
		h := s.Head(at, "pop3", "10.20.0.40", "")
		s.Add(&protocols.Login{Head: h, Mechanism: mechanism, User: []byte(user), Outcome: protocols.Accepted, Form: form})
	}
	quiet := new(detectortest.Story)
	old := new(detectortest.Story)
	for d := range 14 {
		for _, user := range []string{"ann@corp.example", "bob@corp.example"} {
			at := time.Duration(d)*23*time.Hour + 9*time.Hour
			login(quiet, at, user, "SCRAM-SHA-256", protocols.Cleartext)
			login(quiet, at, user, "CRAM-MD5", protocols.Decrypted)
			login(old, at, user, "CRAM-MD5", protocols.Cleartext)
		}
	}
	if got := quiet.Play(detector(nil)); len(got) != 0 {
		t.Errorf("quiet, and %s", got[0].Summary)
	}
	a := one(t, old.Play(detector(nil)), "legacy_authentication")
	if a.Entity.Kind != detectors.Server || a.Updates < 12 || a.Severity != detectors.Info || !strings.HasPrefix(a.Summary, "POP3 logins at 10.20.1.25 use CRAM-MD5") {
		t.Errorf("%+v", a)
	}
}
