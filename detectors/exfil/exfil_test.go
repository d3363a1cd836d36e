package exfil

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

const aDay = 24 * time.Hour

func play(s *detectortest.Story) []*detectors.Alert {
	return s.Play(New(Default(), detectortest.Border()))
}

// attach gives a message a file.
func attach(m *protocols.Message, name string, size uint64) {
	m.Facts.Attachments = append(m.Facts.Attachments, protocols.Attachment{Name: []byte(name), Size: size})
	m.Facts.AttachmentCount++
	m.Size += size * 4 / 3
}

// office is people who send small and large files to partners they know, a new one
// now and then, and archives among themselves.
func office(days int) *detectortest.Story {
	s := new(detectortest.Story)
	for d := range days {
		for u := range 10 {
			user := fmt.Sprintf("user%d@corp.example", u)
			at := time.Duration(d)*aDay + 9*time.Hour + time.Duration(u)*time.Minute
			for k := range 4 {
				m := s.Mail(at+time.Duration(k)*time.Hour, "10.20.0.40", user, 3000, fmt.Sprintf("partner%d@partner.test", k))
				m.Facts.MessageID = fmt.Appendf(nil, "%d-%d-%d@x", d, u, k)
				if k == 2 {
					attach(m, "drawing.dwg", 8<<20)
				}
				relay := s.Mail(at+time.Duration(k)*time.Hour+time.Second, "10.20.1.25", user, 3000, fmt.Sprintf("partner%d@partner.test", k)) // the next leg
				relay.Facts = m.Facts
			}
			attach(s.Mail(at, "10.20.0.40", user, 3000, "user5@corp.example"), "all.zip", 30<<20)
			attach(s.Mail(at+6*time.Hour, "10.20.0.40", user, 3000, fmt.Sprintf("new%d-%d@customer.test", d, u)), "offer.pdf", 400<<10)
		}
	}
	return s
}

func one(t *testing.T, got []*detectors.Alert, what string) *detectors.Alert {
	t.Helper()
	if len(got) != 1 || got[0].What != what {
		for _, a := range got {
			t.Log(a.What, a.Summary)
		}
		t.Fatalf("%d alerts, want one of %s", len(got), what)
	}
	a := got[0]
	if len(a.Evidence) == 0 || len(a.Flows) == 0 || a.Packets == nil || a.ID == "" || len(a.Techniques) == 0 {
		t.Errorf("%+v does not explain itself", a)
	}
	return a
}

func TestQuiet(t *testing.T) {
	if got := play(office(14)); len(got) != 0 {
		t.Errorf("%d alerts, the first: %s", len(got), got[0].Summary)
	}
}

func TestToOwnMailbox(t *testing.T) {
	s := office(8)
	s.Mail(7*aDay, "10.20.0.40", "ann.smith@corp.example", 3000, "partner1@partner.test")
	for d := range 7 {
		for range 2 {
			s.Mail(time.Duration(d)*aDay, "10.20.0.40", "ann.smith@corp.example", 3000, "partner1@partner.test")
		}
	}
	attach(s.Mail(7*aDay+22*time.Hour, "10.20.0.40", "ann.smith@corp.example", 3000, "annsmith77@gmail.com"), "customers.zip", 14<<20)
	a := one(t, play(s), "strange_message")
	if a.Entity.Name != "ann.smith@corp.example" || a.Severity < detectors.Medium || !strings.Contains(a.Summary, "looks like the sender's own") {
		t.Errorf("%v: %s", a.Severity, a.Summary)
	}
}

func TestMailStore(t *testing.T) {
	s := office(8)
	attach(s.Mail(7*aDay, "10.20.0.40", "user3@corp.example", 3000, "x@evil.example"), "archive.PST", 90<<20)
	got := slices.DeleteFunc(play(s), func(a *detectors.Alert) bool { return a.What == "octets_outside" })
	a := one(t, got, "strange_message")
	if a.Severity < detectors.Medium || !slices.Contains(a.Techniques, "T1114.001") {
		t.Errorf("%v: %s", a.Severity, a.Summary)
	}
}

func TestDaily(t *testing.T) {
	s := office(8)
	for i := range 12 {
		attach(s.Mail(7*aDay+time.Duration(i)*20*time.Minute, "10.20.0.40", "user3@corp.example", 3000, "collector@gmail.com"), "part.dat", 6<<20)
	}
	if a := one(t, play(s), "octets_outside"); a.Evidence[0].Seen < 90<<20 || a.Updates == 0 {
		t.Errorf("%+v", a)
	}
}

func TestMailStoreOverTheWeb(t *testing.T) {
	s := new(detectortest.Story)
	h := s.Head(time.Hour, "http", "10.20.0.40", "ann@corp.example")
	s.Add(&protocols.MailOperation{Head: h, API: "file", Name: []byte("ann.pst"), Bytes: 300 << 20, Outcome: protocols.Accepted})
	s.Add(&protocols.MailOperation{Head: h, API: "file", Name: []byte("letter.eml"), Bytes: 3000, Outcome: protocols.Accepted})
	if a := one(t, play(s), "mail_store_moved"); a.Severity != detectors.Medium {
		t.Errorf("%+v", a)
	}
}

// However an address is written, it is the same: a tag, capitals, quotes and a source
// route make no stranger of a partner, and a foreigner behind a % is no colleague.
func TestOneAddress(t *testing.T) {
	ways := []string{"Partner1@Partner.Test", "partner1+bills@partner.test", `"partner1"@partner.test`, "@relay.test:partner1@partner.test", "partner1@partner.test."}
	s := office(8)
	for i := range 20 {
		s.Mail(time.Duration(i)*6*time.Hour, "10.20.0.40", "Ann.Smith@corp.example", 3000, "partner1@partner.test")
	}
	for i, way := range ways {
		attach(s.Mail(7*aDay+time.Duration(i)*time.Hour, "10.20.0.40", `"ann.smith"@CORP.example`, 3000, way), "plans.zip", 26<<20)
	}
	if got := play(s); len(got) != 0 {
		t.Errorf("%d alerts, the first: %s", len(got), got[0].Summary)
	}
	attach(s.Mail(7*aDay+9*time.Hour, "10.20.0.40", "ann.smith@corp.example", 3000, "thief%evil.example@corp.example"), "plans.zip", 26<<20)
	attach(s.Mail(7*aDay+10*time.Hour, "10.20.0.40", "ann.smith@corp.example", 3000, "user2@[10.20.1.25]"), "plans.zip", 26<<20)
	if a := one(t, play(s), "strange_message"); !strings.Contains(a.Summary, "thief%evil.example") {
		t.Errorf("%+v", a)
	}
}

// A mail store that was packed is one, and so is a file of mail that is larger than a
// message can be; what goes up to a stranger is worse.
func TestPackedStores(t *testing.T) {
	for name, want := range map[string]bool{"ann.pst.zip": true, "all.MBOX.tar.gz": true, "old.ost.7z": true, "holiday.zip": false, ".zip": false, "pst": false, "": false} {
		s := new(detectortest.Story)
		h := s.Head(time.Hour, "http", "10.20.0.40", "ann@corp.example")
		h.Conn.Server = netip.MustParseAddrPort("203.0.113.5:80")
		s.Add(&protocols.MailOperation{Head: h, API: "file", Name: []byte(name), Upload: true, Bytes: 3 << 20, Outcome: protocols.Accepted})
		got := play(s)
		if want != (len(got) == 1) || want && (got[0].Severity != detectors.High || !slices.Contains(got[0].Techniques, "T1567")) {
			t.Errorf("%q: %d alerts", name, len(got))
		}
	}
	s := new(detectortest.Story)
	s.Add(&protocols.MailOperation{Head: s.Head(time.Hour, "http", "10.20.0.40", "ann@corp.example"), API: "file", Bytes: 900 << 20, Outcome: protocols.Accepted})
	if a := one(t, play(s), "mail_store_moved"); !strings.Contains(a.Summary, "without a name") {
		t.Errorf("%+v", a)
	}
}
