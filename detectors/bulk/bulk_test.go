package bulk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/detectors/habits"
	"mailsensor/protocols"
)

const aDay = 24 * time.Hour

func watch() []detectors.Detector {
	b := detectortest.Border()
	h := habits.New(habits.Default(), b, time.UTC, nil)
	return []detectors.Detector{h, New(Default(), b, h)}
}

// office is people who read their mail as it comes, an archiver that takes 400
// messages every night, and a webmail server that reads for all.
func office(days int) *detectortest.Story {
	s := new(detectortest.Story)
	uid := map[string]int{}
	read := func(at time.Duration, client, account string, n int) {
		if uid[account] == 0 {
			uid[account] = 1
		}
		s.Read(at, client, account, "INBOX", uid[account], n, 900)
		uid[account] += n
	}
	for d := range days {
		for u := range 20 {
			user, host := fmt.Sprintf("user%d@corp.example", u), fmt.Sprintf("10.20.0.%d", 40+u)
			for k := range 6 {
				at := time.Duration(d)*aDay + 8*time.Hour + time.Duration(k)*time.Hour + time.Duration(u)*time.Minute
				read(at, host, user, 1+(u+d+k)%7)
			}
			s.Read(time.Duration(d)*aDay+12*time.Hour, host, user, "INBOX", 1, min(uid[user]-1, 60), 900) // again what was read before
			read(time.Duration(d)*aDay+15*time.Hour+time.Duration(u)*time.Second, "10.20.1.44", user, 6)
		}
		if d >= 2 { // the first nights are told: see TestNightlyArchiver
			read(time.Duration(d)*aDay+time.Hour, "10.20.1.70", "archive@corp.example", 240)
		}
	}
	return s
}

func play(s *detectortest.Story) (out []*detectors.Alert) {
	for _, a := range s.Play(watch()...) {
		if a.Entity.Name != "10.20.1.44" { // the webmail server, until it is known
			out = append(out, a)
		}
	}
	return out
}

func TestQuiet(t *testing.T) {
	if got := play(office(14)); len(got) != 0 {
		t.Errorf("%d alerts, the first: %s", len(got), got[0].Summary)
	}
}

// A host that reads for all every day is told for three days, as one alert, and
// then known.
func TestWebmailServer(t *testing.T) {
	got := office(14).Play(watch()...)
	if len(got) != 1 || got[0].What != "many_mailboxes" || got[0].Last > detectors.Time(detectortest.At(3*aDay)) {
		t.Errorf("%d alerts: %+v", len(got), got[0])
	}
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
	if len(a.Evidence) == 0 || len(a.Flows) == 0 || a.Packets == nil || a.ID == "" || a.Techniques[0] != "T1114.002" {
		t.Errorf("%+v does not explain itself", a)
	}
	return a
}

func TestBurst(t *testing.T) {
	s := office(12)
	for i := range 3000 {
		s.Read(11*aDay+14*time.Hour+time.Duration(i)*150*time.Millisecond, "10.20.0.47", "user7@corp.example", "Archive", 1+i, 1, 900)
	}
	a := one(t, play(s), "mailbox_emptied")
	if a.Entity.Name != "user7@corp.example" || a.Evidence[0].Seen != 3000 || a.Severity < detectors.High || a.Evidence[0].Expected == nil {
		t.Errorf("%+v", a)
	}
}

// Pieces of 512 octets, from four clients, each message twice: 700 messages.
func TestSplitAndChunked(t *testing.T) {
	s := office(5)
	for i := range 1400 {
		h := s.Head(4*aDay+20*time.Hour+time.Duration(i)*100*time.Millisecond, "imap", fmt.Sprintf("10.20.0.%d", 100+i%4), "user7@corp.example")
		for piece := range 2 {
			s.Add(&protocols.MailboxRead{Head: h, Mailbox: []byte("INBOX"), UIDValidity: 1, Exists: 1000, Items: []protocols.ReadItem{{
				Kind: protocols.ReadPartial, ByUID: true, First: uint32(5000 + i%700), Last: uint32(5000 + i%700), Offset: uint64(512 * piece), Asked: 512, Bytes: 512, Items: 1,
			}}})
		}
	}
	a := one(t, play(s), "mailbox_emptied")
	if a.Evidence[0].Seen != 700 || !strings.Contains(a.Summary, "by 4 clients") {
		t.Errorf("%s: %+v", a.Summary, a.Evidence)
	}
}

// 60 an hour over a day stay under the burst, and come to more than 1,000.
func TestDaily(t *testing.T) {
	s := office(6)
	for i := range 1300 {
		s.Read(4*aDay+time.Duration(i)*time.Minute, "203.0.113.9", "user7@corp.example", "Archive", 1+i, 1, 900)
	}
	a := one(t, play(s), "mailbox_emptied")
	if a.Evidence[0].Name != "messages_day" || !strings.Contains(a.Summary, "in 24 h") {
		t.Errorf("%s: %+v", a.Summary, a.Evidence)
	}
}

func TestManyOctetsOverPOP3(t *testing.T) {
	s := office(3)
	for i := range 70 {
		h := s.Head(2*aDay+time.Duration(i)*10*time.Minute, "pop3", "10.20.0.47", "user7@corp.example")
		s.Add(&protocols.MailboxRead{Head: h, Selection: 1, Items: []protocols.ReadItem{{Kind: protocols.ReadWhole, ID: uint64(1 + i), Items: 1, Bytes: 20 << 20}}})
	}
	if a := one(t, play(s), "mailbox_emptied"); a.Evidence[0].Unit != "octets" {
		t.Errorf("%+v", a.Evidence)
	}
}

func TestFirstSyncIsSaid(t *testing.T) {
	s := office(5)
	s.Read(4*aDay+9*time.Hour, "10.20.0.99", "new@corp.example", "INBOX", 1, 300, 900)
	a := one(t, play(s), "mailbox_emptied")
	if !strings.Contains(a.Summary, "first sync") || a.Severity > detectors.Medium {
		t.Errorf("%s, %v", a.Summary, a.Severity)
	}
}

func TestManyMailboxes(t *testing.T) {
	s := office(2)
	for u := range 9 {
		s.Read(aDay+20*time.Hour+time.Duration(u)*time.Minute, "203.0.113.9", fmt.Sprintf("user%d@corp.example", u), "INBOX", 7000, 10, 900)
	}
	a := one(t, play(s), "many_mailboxes")
	if a.Entity.Name != "203.0.113.9" || a.Evidence[0].Seen != 9 {
		t.Errorf("%+v", a)
	}
}

func TestEstimateNeedsASecondSign(t *testing.T) {
	s := new(detectortest.Story)
	s.Add(&protocols.TLSUse{Head: s.Head(0, "imap", "10.20.0.40", ""), Service: "imap", Messages: 900, MessagesLow: 700, MessagesHigh: 1200})
	s.Add(&protocols.TLSUse{Head: s.Head(time.Hour, "imap", "203.0.113.9", ""), Service: "imap", Messages: 900, MessagesLow: 700, MessagesHigh: 1200})
	if a := one(t, s.Play(watch()...), "probable_bulk_download"); a.Entity.Name != "203.0.113.9" || a.Confidence != protocols.Estimated {
		t.Errorf("%+v", a)
	}
}

// Of whom nobody was seen to log in, the alert is about the client; and no share is
// told of a mailbox that was not seen to be opened.
func TestUnknownAccount(t *testing.T) {
	s := new(detectortest.Story)
	s.Read(time.Hour, "10.20.0.77", "", "INBOX", 1, 900, 2000)
	s.Events[0].(*protocols.MailboxRead).Exists = 700
	got := play(s)
	if len(got) != 1 {
		t.Fatalf("%d alerts", len(got))
	}
	a := got[0]
	if a.Entity != (detectors.Entity{Kind: detectors.Host, Name: "10.20.0.77"}) || len(a.Related) != 0 || !strings.HasPrefix(a.Summary, "10.20.0.77, whose login was not seen: 900 messages downloaded") || strings.Contains(a.Summary, "%") {
		t.Errorf("%+v", a)
	}
}
