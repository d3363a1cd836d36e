package volume

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/detectors"
	"mailsensor/detectors/baseline/workload"
	"mailsensor/detectors/detectortest"
	"mailsensor/detectors/habits"
	"mailsensor/protocols"
)

// sender is a series of the workload as one who mails: an account from its own client,
// or a host that nobody logs in to.
type sender struct {
	*workload.Series
	number  int
	name    string
	message protocols.Message
}

func newSender(i int, s *workload.Series) *sender {
	x := &sender{Series: s, number: i, name: s.Name + "@corp.example"}
	client := netip.AddrFrom4([4]byte{10, 30, byte(i >> 8), byte(i)})
	x.message = protocols.Message{Outcome: protocols.Accepted, Size: 2000, RecipientsAccepted: 1}
	x.message.Protocol = "smtp"
	if s.Host {
		x.name = client.String()
	} else {
		x.message.Account, x.message.From = []byte(x.name), []byte(x.name)
	}
	x.message.Conn = capture.Conn{Client: netip.AddrPortFrom(client, 40000), Server: netip.MustParseAddrPort("10.20.1.25:587")}
	return x
}

// play lets everybody mail for ten weeks. It hands out each alert when it is raised.
func (w *world) play(raised func(a *detectors.Alert, fresh bool, hour int)) {
	border := detectortest.Border()
	h := habits.New(habits.Default(), border, w.Location, nil)
	set := detectors.NewSet([]detectors.Detector{h, New(Default(), border, h)})
	hour, event := 0, uint64(0)
	set.Raised = func(a *detectors.Alert, fresh bool) { raised(a, fresh, hour) }
	type mail struct {
		at   int64
		from *sender
	}
	var mails []mail
	for ; hour < workload.Hours; hour++ {
		start := workload.Start.Add(time.Duration(hour) * time.Hour).UnixNano()
		mails = mails[:0]
		const slots = 1 << 12 // in an hour
		for _, s := range w.senders {
			n := s.Count[hour]
			for k := range n {
				mails = append(mails, mail{int64((uint64(k)*slots/uint64(n) + uint64(s.number)*7) % slots), s})
			}
		}
		var bySlot [slots][]*sender
		for _, m := range mails {
			bySlot[m.at] = append(bySlot[m.at], m.from)
		}
		for slot, list := range bySlot {
			for _, s := range list {
				event++
				m := &s.message
				m.Time, m.Pos.Index, m.Conn.ID = start+int64(slot)*int64(time.Hour)/slots, event, event
				set.Observe(m)
			}
		}
	}
	set.Finish(workload.Start.Add(workload.Hours * time.Hour).UnixNano())
}

type world struct {
	*workload.Workload
	senders []*sender
	attacks map[string]workload.Span // by name
}

// newWorld has a part of a workload: as events, all of it takes a minute. Its seed is
// none of those that anything was tuned or measured on.
func newWorld() *world {
	w := &world{Workload: workload.New(workload.Options{Seed: 31}), attacks: map[string]workload.Span{}}
	of := map[int]workload.Span{}
	for _, a := range w.Attacks {
		of[a.Series] = a
	}
	busy := 0
	for i := range w.Series {
		s := &w.Series[i]
		if !s.Host && i%6 != 0 || s.Host && s.Habit == "relay" {
			continue
		}
		if s.Host {
			if busy++; busy > 30 {
				continue
			}
		}
		x := newSender(i, s)
		w.senders = append(w.senders, x)
		if a, ok := of[i]; ok {
			w.attacks[x.name] = a
		}
	}
	return w
}

// Ten weeks of invented mail, event by event: what the engine finds in counts is what
// the detector tells, once for each, and little else.
func TestWorkload(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	w := newWorld()
	found, alerts, wrong := map[string]bool{}, map[string]int{}, 0
	w.play(func(a *detectors.Alert, fresh bool, hour int) {
		if hour < workload.FirstDay*24 {
			return
		}
		attack, ok := w.attacks[a.Entity.Name]
		switch {
		case ok && hour >= attack.From && hour <= attack.To+6:
			found[a.Entity.Name] = true
			if fresh {
				alerts[a.Entity.Name]++
			}
			if len(a.Evidence) == 0 || a.Evidence[0].Expected == nil || !strings.Contains(a.Evidence[0].Text, "of history, peers:") {
				t.Errorf("%s does not explain itself: %+v", a.Entity.Name, a.Evidence)
			}
		case ok && hour >= attack.From && hour < attack.To+24:
		case fresh:
			wrong++
		}
	})
	days := float64(len(w.senders)) * (workload.Days - workload.FirstDay)
	rate := 1000 * float64(wrong) / days
	missed := map[string]int{}
	for name, a := range w.attacks {
		if !found[name] {
			missed[a.What]++
		}
		if n := alerts[name]; n > 1+(a.To-a.From)/24 {
			t.Errorf("%d alerts about %s of %s", n, a.What, name)
		}
	}
	recall := float64(len(found)) / float64(len(w.attacks))
	t.Logf("%d of %d attacks found (missed: %v), %.2f false alarms per 1,000 entity-days", len(found), len(w.attacks), missed, rate)
	if recall < .8 || rate > 3 {
		t.Errorf("recall %.2f, want .8; %.2f false alarms, want at most 3", recall, rate)
	}
}

// Six weeks in which nobody hears a word; then an account sends 142 messages at night,
// and there is one alert, which says what is usual.
func TestQuietThenOneAlert(t *testing.T) {
	const weeks = 6
	s := new(detectortest.Story)
	r := func(d, u, k int) time.Duration { // some minute that nobody would call regular
		return time.Duration((d*7919+u*104729+k*1299709)%3600) * time.Second
	}
	for d := range 7 * weeks {
		if d%7 > 4 {
			continue
		}
		for u := range 30 {
			for k := range 2 + (d*31+u*17)%6 {
				at := time.Duration(d)*aDay + time.Duration(8+(k*3+u+d)%9)*time.Hour + r(d, u, k)
				s.Mail(at, fmt.Sprintf("10.20.0.%d", 40+u), fmt.Sprintf("user%d@corp.example", u), 2000, "a@partner.test")
			}
		}
	}
	quiet := play(s)
	if len(quiet) != 0 {
		t.Fatalf("%d alerts, the first: %s", len(quiet), quiet[0].Summary)
	}
	for i := range 142 {
		s.Mail((7*weeks-6)*aDay+3*time.Hour+time.Duration(i)*20*time.Second, "10.20.0.47", "user7@corp.example", 2000, "x@partner.test")
	}
	a := one(t, play(s), "unusual_volume")
	if a.Entity != (detectors.Entity{Kind: detectors.Sender, Name: "user7@corp.example"}) || a.Severity != detectors.High {
		t.Errorf("%+v", a)
	}
	if want := "user7@corp.example: Tue 03:00, 142 "; !strings.HasPrefix(a.Summary, want) {
		t.Errorf("%s, want %s", a.Summary, want)
	}
	e := a.Evidence[0]
	if e.Seen != 142 || *e.Expected > 1 || *e.Bound > 10 || !strings.Contains(e.Text, "35 days of history, peers: sender, office hours") {
		t.Errorf("%+v", e)
	}
	if len(a.Related) != 1 || a.Related[0].Name != "10.20.0.47" {
		t.Errorf("related: %v", a.Related)
	}
}

// A host that many people share is no story; who sends through it is, and it is said.
func TestSharedHostIsJudgedByAccount(t *testing.T) {
	s := new(detectortest.Story)
	mail := func(at time.Duration, user int) {
		s.Mail(at, "10.20.1.44", fmt.Sprintf("user%d@corp.example", user), 2000, "a@partner.test").Account = fmt.Appendf(nil, "user%d@corp.example", user)
	}
	for d := range 30 {
		for u := range 30 {
			for k := range 1 + (d+u)%4 {
				mail(time.Duration(d)*aDay+time.Duration(9+k*2)*time.Hour+time.Duration(u*97+d*31)*time.Second, u)
			}
			s.Login(time.Duration(d)*aDay+8*time.Hour+time.Duration(u)*time.Minute, "10.20.1.44", fmt.Sprintf("user%d@corp.example", u), protocols.Accepted)
		}
	}
	for i := range 120 {
		mail(29*aDay+2*time.Hour+time.Duration(i)*20*time.Second, 3)
	}
	a := one(t, play(s), "unusual_volume")
	if a.Entity != (detectors.Entity{Kind: detectors.Account, Name: "user3@corp.example"}) {
		t.Errorf("about %v", a.Entity)
	}
	said := false
	for _, e := range a.Evidence {
		said = said || e.Name == "shared_host" && strings.Contains(e.Text, "10.20.1.44")
	}
	if !said {
		t.Errorf("not said: %+v", a.Evidence)
	}
}

// Of more than people read in a day the most severe are told, and the rest are counted.
func TestAlertsPerDay(t *testing.T) {
	s := new(detectortest.Story)
	for d := range 25 {
		for u := range 40 {
			for k := range 2 + (d*31+u*17)%4 {
				s.Mail(time.Duration(d)*aDay+time.Duration(9+2*k)*time.Hour+time.Duration(u*89+d*53)*time.Second,
					fmt.Sprintf("10.20.0.%d", 40+u), fmt.Sprintf("user%d@corp.example", u), 2000, "a@partner.test")
			}
		}
	}
	for u := range 20 { // one after the other, the later the more
		for i := range 40 + 5*u {
			s.Mail(24*aDay+time.Duration(i)*20*time.Second, fmt.Sprintf("10.20.0.%d", 40+u), fmt.Sprintf("user%d@corp.example", u), 2000, "x@partner.test")
		}
	}
	border := detectortest.Border()
	c := habits.Default()
	c.AlertsPerDay = 3
	h := habits.New(c, border, time.UTC, nil)
	got := s.Play(h, New(Default(), border, h))
	if len(got) < 3 || len(got) > 12 || h.Held() == 0 {
		t.Errorf("%d alerts, %d held back", len(got), h.Held())
	}
	most := false
	for _, a := range got {
		most = most || a.Entity.Name == "user19@corp.example"
	}
	if !most {
		t.Error("the most severe is not told")
	}
}
