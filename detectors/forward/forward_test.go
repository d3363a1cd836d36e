package forward

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

const day = 24 * time.Hour

func detector() *Detector { return New(Default(), detectortest.Border()) }

const (
	mx  = "10.20.1.25"
	ext = "203.0.113.25"
)

// leg is a message from one host to another, under an ID.
func leg(s *detectortest.Story, at time.Duration, client, from, id, author string, to ...string) *protocols.Message {
	m := s.Mail(at, client, from, 2000, to...)
	m.Facts.HeadersSeen = true
	m.Facts.MessageID = []byte(id)
	m.Facts.Date = []byte("Mon, 2 Mar 2026 08:00:00 +0000 " + id)
	m.Facts.From = [][]byte{[]byte(author)}
	return m
}

// office is mail in, mail out through the relay, mail to both in one and in two,
// a list, and an alias that always was.
func office(days int) *detectortest.Story {
	s := new(detectortest.Story)
	for d := range days {
		for u := range 10 {
			user := fmt.Sprintf("user%d@corp.example", u)
			at := time.Duration(d)*day + 9*time.Hour + time.Duration(u)*time.Minute
			id := fmt.Sprintf("%d-%d@x", d, u)
			leg(s, at, ext, "partner@partner.test", "in"+id, "partner@partner.test", user)
			leg(s, at+time.Minute, "10.20.0.40", user, "out"+id, user, "partner@partner.test")
			leg(s, at+time.Minute+time.Second, mx, user, "out"+id, user, "partner@partner.test")
			leg(s, at+2*time.Minute, "10.20.0.40", user, "both"+id, user, "user9@corp.example", "partner@partner.test")
			leg(s, at+2*time.Minute+time.Second, mx, user, "both"+id, user, "partner@partner.test")
			to := leg(s, at+3*time.Minute, mx, user, "two"+id, user, "user8@corp.example")
			to.Facts.To = [][]byte{[]byte("user8@corp.example"), []byte("partner@partner.test")}
			to = leg(s, at+3*time.Minute+time.Second, mx, user, "two"+id, user, "partner@partner.test")
			to.Facts.To = [][]byte{[]byte("user8@corp.example"), []byte("partner@partner.test")}
			leg(s, at+4*time.Minute, ext, "member@partner.test", "list"+id, "member@partner.test", "list@corp.example")
			for k := range 8 {
				leg(s, at+4*time.Minute+time.Duration(k)*time.Second, mx, "list-bounces@corp.example", "list"+id, "member@partner.test", fmt.Sprintf("member%d@partner.test", k)).Facts.ListID = []byte("list.corp.example")
			}
			leg(s, at+5*time.Minute, ext, "press@news.example", "alias"+id, "press@news.example", "press@corp.example")
			leg(s, at+5*time.Minute+time.Second, mx, "press@news.example", "alias"+id, "press@news.example", "agency@agency.example")
		}
	}
	return s
}

// loud are the alerts without that about the alias which always was.
func loud(got []*detectors.Alert) []*detectors.Alert {
	return slices.DeleteFunc(got, func(a *detectors.Alert) bool {
		return a.Severity <= detectors.Low || a.Entity.Name == "press@corp.example"
	})
}

func one(t *testing.T, got []*detectors.Alert, what string) *detectors.Alert {
	t.Helper()
	got = slices.DeleteFunc(slices.Clone(got), func(a *detectors.Alert) bool { return a.What != what })
	if len(got) != 1 {
		for _, a := range got {
			t.Log(a.Summary, a.Updates, a.Evidence)
		}
		t.Fatalf("%d alerts of %s", len(got), what)
	}
	a := got[0]
	if len(a.Evidence) == 0 || len(a.Flows) == 0 || a.Packets == nil || a.ID == "" || len(a.Techniques) == 0 {
		t.Errorf("%+v does not explain itself", a)
	}
	return a
}

func TestQuiet(t *testing.T) {
	got := office(14).Play(detector())
	if a := one(t, got, "mail_sent_on"); a.Entity.Name != "press@corp.example" || a.Severity != detectors.Medium || a.Updates != 139 {
		t.Errorf("%+v", a)
	}
	if len(got) != 1 {
		t.Errorf("%d alerts, the first: %s", len(got), got[0].Summary)
	}
}

func TestEffect(t *testing.T) {
	s := office(10)
	for i := range 4 {
		at, id := 9*day+14*time.Hour+time.Duration(i)*time.Hour, fmt.Sprintf("stolen%d@x", i)
		leg(s, at, ext, fmt.Sprintf("partner%d@partner.test", i), id, "partner@partner.test", "user3@corp.example")
		leg(s, at+2*time.Second, mx, "user3@corp.example", id, "partner@partner.test", "collect@evil.example")
	}
	a := one(t, loud(s.Play(detector())), "mail_sent_on")
	if a.Entity.Name != "user3@corp.example" || a.Related[0].Name != "collect@evil.example" || a.Severity < detectors.High || a.Updates != 3 ||
		!strings.Contains(a.Summary, "within 2 s, 4 times") {
		t.Errorf("%s, %v, %+v", a.Summary, a.Severity, a)
	}
}

// Mail between people of ours that is sent on: its author is ours, too.
func TestEffectOnInternalMail(t *testing.T) {
	s := office(10)
	leg(s, 9*day, "10.20.0.44", "user4@corp.example", "i1@x", "user4@corp.example", "user3@corp.example")
	leg(s, 9*day+time.Second, mx, "SRS0=ab=cd=corp.example=user3@fwd.example", "i1@x", "user4@corp.example", "collect@evil.example")
	if a := one(t, loud(s.Play(detector())), "mail_sent_on"); a.Entity.Name != "user3@corp.example" {
		t.Errorf("%+v", a)
	}
}

// A copy under another Message-ID, as some programs make.
func TestEffectByFingerprint(t *testing.T) {
	s := office(10)
	m := leg(s, 9*day, ext, "boss@partner.test", "a@x", "boss@partner.test", "user3@corp.example")
	m.Facts.Subject = []byte("Figures")
	c := leg(s, 9*day+time.Second, mx, "user3@corp.example", "b@x", "boss@partner.test", "collect@evil.example")
	c.Facts.Subject, c.Facts.Date, c.Facts.AutoForwarded = []byte("FW: Figures"), m.Facts.Date, true
	one(t, loud(s.Play(detector())), "mail_sent_on")
}

func rule(s *detectortest.Story, at time.Duration, client, account string, actions ...protocols.RuleAction) *protocols.RuleChange {
	e := &protocols.RuleChange{Head: s.Head(at, "sieve", client, account), Source: "sieve", Command: "PUTSCRIPT", Name: []byte("main"),
		Outcome: protocols.Accepted, Live: protocols.Yes, Contents: true, Actions: actions}
	s.Add(e)
	return e
}

func redirect(to string) protocols.RuleAction {
	return protocols.RuleAction{Kind: protocols.ActionRedirect, Target: []byte(to)}
}

func TestRule(t *testing.T) {
	s := office(3)
	rule(s, 2*day, "10.20.0.43", "user3@corp.example", redirect("user4@corp.example")) // inside
	rule(s, 2*day, "10.20.0.43", "user5@corp.example", protocols.RuleAction{Kind: protocols.ActionReply})
	e := rule(s, 2*day+time.Hour, "203.0.113.77", "user6@corp.example", redirect("X@evil.example"), protocols.RuleAction{Kind: protocols.ActionDiscard})
	e.Conditions = [][]byte{[]byte(`subject contains "Invoice"`)}
	got := loud(s.Play(detector()))
	a := one(t, got, "forwarding_rule")
	if len(got) != 1 || a.Severity != detectors.High || a.Related[0].Name != "x@evil.example" || !slices.Contains(a.Techniques, "T1564.008") ||
		!strings.Contains(a.Summary, `looks for "invoice"`) || !strings.Contains(a.Summary, "made from outside") {
		t.Errorf("%d: %s %v", len(got), a.Summary, a.Techniques)
	}
}

// To somebody one writes to anyway, not in force, or allowed: hardly worth a word.
func TestHarmlessRules(t *testing.T) {
	s := office(5)
	rule(s, 4*day, "10.20.0.43", "user3@corp.example", redirect("partner@partner.test"))
	rule(s, 4*day, "10.20.0.44", "user4@corp.example", redirect("y@agency.example")).Live = protocols.No
	rule(s, 4*day, "10.20.0.45", "user5@corp.example", redirect("z@allowed.example"))
	c := Default()
	c.Allowed = []string{"allowed.example"}
	for _, a := range s.Play(New(c, detectortest.Border())) {
		if a.Severity > detectors.Medium || strings.Contains(a.Summary, "allowed") {
			t.Errorf("%v: %s", a.Severity, a.Summary)
		}
	}
}

func TestSharedTarget(t *testing.T) {
	s := office(2)
	for u := range 3 {
		rule(s, day+time.Duration(u)*time.Hour, "10.20.0.43", fmt.Sprintf("user%d@corp.example", u), redirect("x@evil.example"))
	}
	a := one(t, s.Play(detector()), "shared_target")
	if a.Evidence[0].Seen != 3 || a.Entity.Name != "x@evil.example" || a.Severity < detectors.High || len(a.Related) != 3 {
		t.Errorf("%+v", a)
	}
}

func TestRuleAndEffect(t *testing.T) {
	s := new(detectortest.Story)
	rule(s, time.Hour, "10.20.0.43", "user3@corp.example", redirect("x@evil.example"))
	leg(s, 2*time.Hour, ext, "partner@partner.test", "1@x", "partner@partner.test", "user3@corp.example")
	leg(s, 2*time.Hour+time.Second, mx, "user3@corp.example", "1@x", "partner@partner.test", "x@evil.example")
	if a := one(t, s.Play(detector()), "mail_sent_on"); a.Severity < detectors.High || !strings.Contains(a.Summary, "as a rule of the mailbox says") {
		t.Errorf("%v: %s", a.Severity, a.Summary)
	}
}

func TestUnresolvedAndDelegate(t *testing.T) {
	s := new(detectortest.Story)
	rule(s, time.Hour, "10.20.0.43", "user3@corp.example", protocols.RuleAction{Kind: protocols.ActionRedirect, Target: []byte("${x}"), Unresolved: true})
	rule(s, time.Hour, "10.20.0.43", "user3@corp.example", protocols.RuleAction{Kind: protocols.ActionDelegate, Target: []byte("eve@evil.example")})
	h := s.Head(2*time.Hour, "imap", "10.20.0.43", "user3@corp.example")
	s.Add(&protocols.MailboxChange{Head: h, Command: "SETACL", Mailbox: []byte("INBOX"), Target: []byte("anyone"), Rights: []byte("lr")})
	got := s.Play(detector())
	one(t, got, "hidden_target")
	if one(t, got, "delegate").Severity < detectors.High || one(t, got, "rights_given").Severity < detectors.Medium {
		t.Errorf("%+v", got)
	}
}

// Mailboxes that send to one mailbox outside, each by a tag of its own.
func TestSharedTargetBehindTags(t *testing.T) {
	s := new(detectortest.Story)
	for i, user := range []string{"ann@corp.example", "bob@corp.example"} {
		s.Add(&protocols.RuleChange{Head: s.Head(time.Duration(i)*time.Hour, "sieve", "10.20.0.40", user), Source: "sieve", Command: "PUTSCRIPT", Live: protocols.Yes,
			Outcome: protocols.Accepted, Contents: true, Actions: []protocols.RuleAction{{Kind: protocols.ActionRedirect, Target: fmt.Appendf(nil, "drop+%d@c0rp.example", i)}}})
	}
	alerts := s.Play(detector())
	if a := one(t, alerts, "shared_target"); a.Entity.Name != "drop@c0rp.example" || len(a.Related) != 2 {
		t.Errorf("%+v", a)
	}
	if !slices.ContainsFunc(alerts, func(a *detectors.Alert) bool { return strings.Contains(a.Summary, "at a domain that looks like ours") }) {
		t.Error("nothing of the domain that looks like ours")
	}
}

// attach gives a message a file by its fingerprint.
func attach(m *protocols.Message, subject string, sum byte, size uint64) *protocols.Message {
	m.Facts.Subject = []byte(subject)
	m.Facts.Attachments = []protocols.Attachment{{Name: []byte("a.pdf"), Size: size, Hashed: true, SHA256: [32]byte{sum}}}
	return m
}

// byHand is people who send attachments on, to two, and with a logo below all mail.
func byHand(s *detectortest.Story, days int) {
	for d := range days {
		for u := range 10 {
			user := fmt.Sprintf("user%d@corp.example", u)
			at := time.Duration(d)*day + 14*time.Hour + time.Duration(u)*time.Minute
			id := fmt.Sprintf("%d-%d@hand", d, u)
			from := fmt.Sprintf("partner%d@partner.test", d%5)
			attach(leg(s, at, ext, from, "in"+id, from, user), "Plan "+id, byte(u), 90<<10)
			attach(leg(s, at+4*time.Minute, mx, user, "on"+id, user, "agency@agency.example"), "Fwd: Plan "+id, byte(u), 90<<10)
			attach(leg(s, at+5*time.Minute, mx, user, "to1"+id, user, "user8@corp.example"), "Report", 99, 90<<10)
			attach(leg(s, at+5*time.Minute+2*time.Second, mx, user, "to2"+id, user, "auditor@agency.example"), "Report", 99, 90<<10)
			attach(leg(s, at+6*time.Minute, ext, from, "logo"+id, from, user), "Hello", 7, 9<<10)
			attach(leg(s, at+6*time.Minute+time.Second, mx, user, "answer"+id, user, "other@partner.test"), "Re: Hello", 7, 9<<10)
		}
	}
}

// A rule that sends mail on as new messages shows by their attachments; people who do
// so by hand are left alone.
func TestSameContent(t *testing.T) {
	s := office(14)
	byHand(s, 14)
	if got := besideAlias(s.Play(detector())); len(got) != 0 {
		for _, a := range got {
			t.Errorf("quiet, and %s", a.Summary)
		}
		return
	}
	for i := range 5 {
		at := 10*day + 16*time.Hour + time.Duration(i)*20*time.Minute
		from := fmt.Sprintf("writer%d@partner.test", i)
		id := fmt.Sprint("same", i)
		attach(leg(s, at, ext, from, id, from, "user3@corp.example"), "Contract "+id, byte(40+i), 200<<10)
		attach(leg(s, at+3*time.Second, mx, "user3@corp.example", "new"+id, "user3@corp.example", "drop@evil.example"), "FW: Contract "+id, byte(40+i), 200<<10)
	}
	a := one(t, besideAlias(s.Play(detector())), "mail_sent_on")
	if a.Entity.Name != "user3@corp.example" || a.Severity < detectors.Medium || a.Updates != 2 || !hasMeasure(a, "same_content") {
		t.Errorf("%+v", a)
	}
}

// besideAlias leaves out the alias of the office.
func besideAlias(list []*detectors.Alert) []*detectors.Alert {
	return slices.DeleteFunc(list, func(a *detectors.Alert) bool { return a.Entity.Name == "press@corp.example" })
}

func hasMeasure(a *detectors.Alert, name string) bool {
	return slices.ContainsFunc(a.Evidence, func(m detectors.Measure) bool { return m.Name == name })
}

// What a copy says of itself is a sign of a rule, and evidence; what the message said
// already when it came in is none, nor is a vacation answer.
func TestAnnounced(t *testing.T) {
	for name, change := range map[string]func(in, out *protocols.Message){
		"Resent-From":              func(_, out *protocols.Message) { out.Facts.ResentFrom = []byte("user3@corp.example") },
		"Auto-Submitted":           func(_, out *protocols.Message) { out.Facts.AutoSubmitted = []byte("auto-forwarded; owner=x") },
		"forwarded by a rule":      func(_, out *protocols.Message) { out.Facts.AutoForwarded = true },
		"forwarded to":             func(_, out *protocols.Message) { out.Facts.ForwardedTo = []byte("drop@evil.example") },
		"rewritten by a forwarder": func(_, out *protocols.Message) { out.From = []byte("SRS0=ab=cd=partner.test=w@corp.example") },
		"-was so before": func(in, out *protocols.Message) {
			in.Facts.AutoSubmitted, out.Facts.AutoSubmitted = []byte("auto-generated"), []byte("auto-generated")
		},
		"-a vacation notice":  func(_, out *protocols.Message) { out.Facts.AutoSubmitted = []byte("auto-replied (vacation)") },
		"-no":                 func(_, out *protocols.Message) { out.Facts.AutoSubmitted = []byte(" No ") },
		"-an ordinary sender": func(_, out *protocols.Message) { out.From = []byte("srs0@partner.test") },
	} {
		s := office(9)
		at := 8*day + 16*time.Hour
		in := leg(s, at, ext, "w@partner.test", "x1", "w@partner.test", "user3@corp.example")
		out := leg(s, at+2*time.Second, mx, "w@partner.test", "x1", "w@partner.test", "drop@evil.example")
		change(in, out)
		a := one(t, besideAlias(s.Play(detector())), "mail_sent_on")
		says := ""
		for _, m := range a.Evidence {
			if m.Name == "sent_on" {
				says = m.Text
			}
		}
		if name[0] == '-' != (says == "") || says != "" && !strings.Contains(says, name) {
			t.Errorf("%s: %q", name, says)
		}
	}
}

// A rule of an account that nobody was seen to log in to is about who made it.
func TestUnknownAccount(t *testing.T) {
	s := office(3)
	s.Add(&protocols.RuleChange{Head: s.Head(2*day, "http", "10.20.0.77", ""), Source: "owa", Command: "NewInboxRule", Outcome: protocols.Accepted, Live: protocols.Yes,
		Actions: []protocols.RuleAction{{Kind: protocols.ActionRedirect, Target: []byte("x@evil.example")}}})
	a := one(t, besideAlias(s.Play(detector())), "forwarding_rule")
	if a.Entity != (detectors.Entity{Kind: detectors.Host, Name: "10.20.0.77"}) || !strings.HasPrefix(a.Summary, "10.20.0.77, whose login was not seen: an inbox rule sends mail to x@evil.example") {
		t.Errorf("%+v", a)
	}
}
