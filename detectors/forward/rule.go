package forward

import (
	"fmt"
	"slices"
	"strings"

	"mailsensor/detectors"
	"mailsensor/detectors/address"
	"mailsensor/detectors/freemail"
	"mailsensor/protocols"
)

// rule judges a rule that was made, changed or read back.
func (d *Detector) rule(e *protocols.RuleChange, raise func(detectors.Alert)) {
	if e.Outcome != protocols.Accepted && e.Outcome != protocols.Unknown || e.Removed {
		return
	}
	d.name = d.border.Account(e.Account, d.name)
	account := string(d.name)
	if account == "" {
		account = nobody + e.Conn.Server.Addr().String() + " " + e.Client().String()
	}
	for i := range e.Actions {
		a := &e.Actions[i]
		if !a.Kind.Sends() {
			continue
		}
		to := address.Canonical(a.Target)
		switch {
		case a.Kind == protocols.ActionDelegate:
			raise(d.delegated(e, account, to))
		case a.Unresolved:
			raise(d.unresolved(e, account, to))
		case d.outside(account, to) && !d.allowed(to):
			d.outgoing(e, a, account, to, raise)
		}
	}
}

// nobody stands before the server and the client of an account whose login was not
// seen.
const nobody = "?"

// owned is whom a rule belongs to: the account, or, where that is not known, who made
// it; and how a person reads it.
func owned(e *protocols.RuleChange, account string) (who detectors.Entity, text string) {
	if !strings.HasPrefix(account, nobody) {
		return detectors.Entity{Kind: detectors.Account, Name: account}, account
	}
	host := e.Client().String()
	return detectors.Entity{Kind: detectors.Host, Name: host}, host + ", whose login was not seen"
}

func (d *Detector) outgoing(e *protocols.RuleChange, a *protocols.RuleAction, account, to string, raise func(detectors.Alert)) {
	clues := d.clues(e, account, to)
	score := detectors.Together(append([]detectors.Sign{{Weight: 0.5}}, clues...)) // that it sends mail outside is one
	if e.Live == protocols.No {                                                    // stored, and not in force
		score *= 0.6
	}
	who, text := owned(e, account)
	al := detectors.Alert{What: "forwarding_rule", Key: "rule " + account + " " + to, Score: min(score, 0.95), Confidence: e.Confidence,
		Entity: who, Techniques: []string{"T1114.003"}}
	al.Saw(&e.Head)
	al.Related = []detectors.Entity{{Kind: detectors.Target, Name: to}}
	if who.Kind == detectors.Account {
		al.Related = append(al.Related, detectors.Entity{Kind: detectors.Host, Name: e.Client().String()})
	}
	al.Summary = fmt.Sprintf("%s: %s sends mail to %s%s", text, ruleName(e), to, phrase(clues))
	al.Evidence = append(al.Evidence, detectors.Measure{Name: "rule", Seen: 1, Text: describe(e, a, to)})
	hides := false
	for _, c := range clues {
		al.Evidence = append(al.Evidence, detectors.Measure{Name: c.Name, Seen: 1, Text: c.Text})
		hides = hides || strings.HasPrefix(c.Name, "hides")
	}
	if hides {
		al.Techniques = append(al.Techniques, "T1564.008")
	}
	raise(al)
	if e.Live != protocols.No {
		note(&d.box(account).rules, to)
		d.shared(&e.Head, account, to, raise)
	}
}

func ruleName(e *protocols.RuleChange) string {
	what := map[string]string{"sieve": "a Sieve script", "ews": "an inbox rule", "owa": "an inbox rule", "graph": "an inbox rule", "gmail": "a filter", "jmap": "a Sieve script"}[e.Source]
	if what == "" {
		what = "a rule"
	}
	if len(e.Name) > 0 {
		what += fmt.Sprintf(" %q", detectors.Text(e.Name))
	}
	return what
}

func describe(e *protocols.RuleChange, a *protocols.RuleAction, to string) string {
	s := fmt.Sprintf("%s by %s: %s to %s", e.Command, e.Client(), a.Kind, to)
	if a.Conditional {
		s += ", for some mail"
	} else {
		s += ", for all mail"
	}
	if e.KeepsCopy {
		s += ", a copy stays"
	} else {
		s += ", no copy stays"
	}
	switch e.Live {
	case protocols.Yes:
		s += "; in force"
	case protocols.No:
		s += "; not in force"
	}
	return s
}

func phrase(clues []detectors.Sign) string {
	var parts []string
	for _, c := range clues {
		parts = append(parts, c.Text)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// keywords are what thieves look for, as public rules list it.
var keywords = []string{"invoice", "payment", "password", "wire", "bank", "iban", "transfer", "remittance", "payroll", "w-2", "urgent", "confidential",
	"phish", "hack", "fraud", "virus", "security", "helpdesk", "docusign", "rechnung", "zahlung", "konto", "passwort", "facture", "virement"}

// corners are folders that nobody looks into.
var corners = []string{"rss", "archive", "junk", "spam", "trash", "deleted", "conversation history", "notes", "sync issues", "calendar", "history", "outbox", "drafts"}

// clues says what about a rule is suspect beside that it sends mail outside.
func (d *Detector) clues(e *protocols.RuleChange, account, to string) (list []detectors.Sign) {
	add := func(name string, weight float64, format string, args ...any) {
		list = append(list, detectors.Sign{Name: name, Weight: weight, Text: fmt.Sprintf(format, args...)})
	}
	if !d.contacted(to, e.Time) {
		add("new_target", 0.3, "a target not seen before")
	}
	if freemail.Address(to) {
		add("free_mail", 0.15, "at a free mail provider")
	}
	if at := strings.LastIndexByte(account, '@'); at >= 0 && address.Lookalike(address.DomainOf(to), account[at+1:]) {
		add("lookalike_domain", 0.35, "at a domain that looks like ours")
	}
	if freemail.Own(account, to) {
		add("own_address", 0.05, "looks like the user's own")
	}
	if !d.border.Address(e.Client()) {
		add("from_outside", 0.3, "made from outside")
	}
	for i := range e.Actions {
		switch a := &e.Actions[i]; a.Kind {
		case protocols.ActionDiscard:
			add("hides_discard", 0.3, "deletes what it sent on")
		case protocols.ActionMarkRead:
			add("hides_mark_read", 0.15, "marks it as read")
		case protocols.ActionMove:
			if f := strings.ToLower(detectors.Text(a.Target)); slices.ContainsFunc(corners, func(c string) bool { return strings.Contains(f, c) }) {
				add("hides_move", 0.25, "moves it to %q", detectors.Text(a.Target))
			}
		}
	}
	for _, c := range e.Conditions {
		low := strings.ToLower(string(c))
		if i := slices.IndexFunc(keywords, func(k string) bool { return strings.Contains(low, k) }); i >= 0 {
			add("keywords", 0.25, "looks for %q", keywords[i])
			break
		}
	}
	return list
}

// shared raises a target that several mailboxes send to.
func (d *Detector) shared(h *protocols.Head, mailbox, to string, raise func(detectors.Alert)) {
	to = string(address.Untagged([]byte(to)))
	tg := d.sends(mailbox, to)
	n := len(tg.mailboxes)
	if n < 2 || mailbox != tg.mailboxes[n-1] && n == maxMailboxes {
		return
	}
	al := detectors.Alert{What: "shared_target", Key: "target " + to, Score: min(0.78+0.04*float64(n-2), 0.95), Confidence: h.Confidence,
		Entity: detectors.Entity{Kind: detectors.Target, Name: to}, Techniques: []string{"T1114.003"}}
	if freemail.Address(to) {
		al.Score = min(al.Score+0.05, 0.95)
	}
	al.Saw(h)
	var list []string
	for _, m := range tg.mailboxes {
		if strings.HasPrefix(m, nobody) {
			list = append(list, "an unknown one")
			continue
		}
		list = append(list, m)
		al.Related = append(al.Related, detectors.Entity{Kind: detectors.Account, Name: m})
	}
	al.Summary = fmt.Sprintf("%d mailboxes send mail on to %s: %s", n, to, strings.Join(list[:min(n, 4)], ", "))
	al.Evidence = []detectors.Measure{{Name: "mailboxes", Seen: float64(n), Bound: detectors.Value(1), Unit: "accounts", Text: fmt.Sprintf("%d mailboxes", n)}}
	raise(al)
}

func (d *Detector) delegated(e *protocols.RuleChange, account, to string) detectors.Alert {
	who, text := owned(e, account)
	al := detectors.Alert{What: "delegate", Key: "delegate " + account + " " + to, Score: 0.4, Confidence: e.Confidence,
		Entity: who, Techniques: []string{"T1098.002"}}
	if d.outside(account, to) {
		al.Score = 0.8
	}
	if !d.border.Address(e.Client()) {
		al.Score += 0.1
	}
	al.Saw(&e.Head)
	al.Related = []detectors.Entity{{Kind: detectors.Account, Name: to}}
	al.Summary = fmt.Sprintf("%s: %s may act for the account (%s)", text, to, e.Command)
	al.Evidence = []detectors.Measure{{Name: "delegate", Seen: 1, Text: fmt.Sprintf("%s by %s", e.Command, e.Client())}}
	return al
}

func (d *Detector) unresolved(e *protocols.RuleChange, account, to string) detectors.Alert {
	who, text := owned(e, account)
	al := detectors.Alert{What: "hidden_target", Key: "hidden " + account + " " + to, Score: 0.5, Confidence: e.Confidence,
		Entity: who, Techniques: []string{"T1114.003"}}
	if e.Live == protocols.No {
		al.Score = 0.3
	}
	al.Saw(&e.Head)
	al.Summary = fmt.Sprintf("%s: %s sends mail to an address that it works out by itself", text, ruleName(e))
	al.Evidence = []detectors.Measure{{Name: "unresolved_target", Seen: 1, Text: "variables in the target: " + to}}
	return al
}

// rights is about an access right given away over IMAP (RFC 4314).
func (d *Detector) rights(e *protocols.MailboxChange, raise func(detectors.Alert)) {
	d.name = d.border.Account(e.Account, d.name)
	who := address.Canonical(e.Target)
	if len(d.name) == 0 || who == "" || who == string(d.name) || strings.HasPrefix(who, "-") {
		return
	}
	al := detectors.Alert{What: "rights_given", Key: "rights " + string(d.name) + " " + who, Score: 0.35, Confidence: e.Confidence,
		Entity: detectors.Entity{Kind: detectors.Account, Name: string(d.name)}, Techniques: []string{"T1098.002"}}
	if who == "anyone" || who == "anonymous" {
		al.Score = 0.7
	}
	al.Saw(&e.Head)
	al.Related = []detectors.Entity{{Kind: detectors.Account, Name: who}}
	al.Summary = fmt.Sprintf("%s gave %s rights on the mailbox %q", d.name, who, detectors.Text(e.Mailbox))
	al.Evidence = []detectors.Measure{{Name: "rights", Seen: 1, Text: "SETACL " + detectors.Text(e.Rights)}}
	raise(al)
}
