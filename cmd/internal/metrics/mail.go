package metrics

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"mailsensor/detectors"
	"mailsensor/detectors/inside"
	"mailsensor/protocols"
)

// Mail counts what events and alerts tell. Observe and Raised are for the goroutine
// that events come from. docs/metrics.md says what each series counts.
type Mail struct {
	border *inside.Border

	messages, recipients, messageBytes *Vec
	logins, bodyItems, bodyBytes       *Vec
	ruleChanges, alerts                *Vec
	connections, visibleBytes          *Vec
	estimated                          *Vec

	hosts, accounts entities
	account         []byte // the event's, borrowed from border
}

// entities are the series by host, or by account.
type entities struct{ messages, recipients, items, bytes, logins, failed, alerts *Top }

// NewMail registers the series of mail. Of hosts and accounts the top ones of each
// series have one of their own.
func (r *Registry) NewMail(border *inside.Border, top int) *Mail {
	m := &Mail{
		border:       border,
		messages:     r.NewVec("messages_total", "protocol", "outcome"),
		recipients:   r.NewVec("recipients_total", "protocol", "outcome", "side"),
		messageBytes: r.NewVec("message_bytes_total", "protocol"),
		logins:       r.NewVec("logins_total", "protocol", "outcome"),
		bodyItems:    r.NewVec("body_items_total", "protocol"),
		bodyBytes:    r.NewVec("body_bytes_total", "protocol"),
		ruleChanges:  r.NewVec("rule_changes_total", "source", "target"),
		alerts:       r.NewVec("alerts_total", "detector", "severity"),
		connections:  r.NewVec("connections_total", "protocol"),
		visibleBytes: r.NewVec("visibility_bytes_total", "protocol", "form"),
		estimated:    r.NewVec("estimated_messages_total", "protocol"),
		hosts:        r.entities("host", top),
		accounts:     r.entities("account", top),
	}
	for _, protocol := range []string{"smtp", "lmtp"} {
		for _, o := range []protocols.Outcome{protocols.Accepted, protocols.Rejected, protocols.Unfinished, protocols.Unknown} {
			m.messages.Add(0, protocol, o.String())
		}
		for _, side := range []string{"inside", "outside", "unknown"} {
			m.recipients.Add(0, protocol, "accepted", side)
		}
		m.recipients.Add(0, protocol, "rejected", "unknown")
		m.messageBytes.Add(0, protocol)
	}
	for _, protocol := range []string{"smtp", "imap", "pop3", "sieve", "http"} {
		for _, outcome := range []string{"ok", "failed", "unknown"} {
			m.logins.Add(0, protocol, outcome)
		}
		m.connections.Add(0, protocol)
	}
	for _, protocol := range []string{"imap", "pop3", "http"} {
		m.bodyItems.Add(0, protocol)
		m.bodyBytes.Add(0, protocol)
	}
	for _, source := range []string{"sieve", "ews", "owa", "graph", "gmail", "jmap"} {
		for _, target := range sides {
			m.ruleChanges.Add(0, source, target)
		}
	}
	for _, detector := range []string{"login", "volume", "bulk", "forward", "exfil", "access", "intel"} {
		for s := detectors.Info; s <= detectors.Critical; s++ {
			m.alerts.Add(0, detector, s.String())
		}
	}
	return m
}

func (r *Registry) entities(label string, top int) entities {
	n := func(name string) *Top { return r.NewTop(label+"_"+name, label, top) }
	return entities{
		messages: n("messages_total"), recipients: n("recipients_total"),
		items: n("body_items_total"), bytes: n("body_bytes_total"),
		logins: n("logins_total"), failed: n("failed_logins_total"),
		alerts: n("alerts_total"),
	}
}

// Observe counts an event. What a proxy repeats of its client is not counted again.
func (m *Mail) Observe(ev protocols.Event) {
	if ev.Header().Repeat {
		return
	}
	switch e := ev.(type) {
	case *protocols.Message:
		m.message(e)
	case *protocols.Login:
		m.login(e)
	case *protocols.MailboxRead:
		m.read(e)
	case *protocols.RuleChange:
		m.ruleChange(e)
	case *protocols.TLSUse:
		m.estimated.Add(uint64(e.Messages), e.Service)
	case *protocols.ConnEnd:
		m.end(e)
	}
}

// shown lists the entities that have a series of their own of what the baselines
// know.
func (e *entities) shown() []string {
	names := map[string]bool{}
	for _, t := range []*Top{e.messages, e.items, e.failed} {
		t.names(names)
	}
	return slices.Sorted(maps.Keys(names))
}

// add counts n for the host of an event, and for the account, where it is known.
func (m *Mail) add(h *protocols.Head, raw []byte, host, account *Top, n uint64) {
	if n == 0 {
		return
	}
	var buf [64]byte
	host.Add(h.Client().AppendTo(buf[:0]), n)
	if m.account = m.border.Account(raw, m.account); len(m.account) > 0 {
		account.Add(m.account, n)
	}
}

func (m *Mail) message(e *protocols.Message) {
	if e.Protocol == "http" { // a mail API was asked to send it; SMTP carries it from there
		return
	}
	m.messages.Add(1, e.Protocol, e.Outcome.String())
	in, out := m.border.Recipients(e)
	m.recipients.Add(in, e.Protocol, "accepted", "inside")
	m.recipients.Add(out, e.Protocol, "accepted", "outside")
	m.recipients.Add(uint64(e.RecipientsAccepted)-min(uint64(e.RecipientsAccepted), in+out), e.Protocol, "accepted", "unknown")
	m.recipients.Add(uint64(e.RecipientsRejected), e.Protocol, "rejected", "unknown")
	if e.Outcome == protocols.Accepted {
		m.messageBytes.Add(e.Size, e.Protocol)
		m.add(&e.Head, e.Account, m.hosts.messages, m.accounts.messages, 1)
	}
	m.add(&e.Head, e.Account, m.hosts.recipients, m.accounts.recipients, uint64(e.RecipientsAccepted))
}

func (m *Mail) login(e *protocols.Login) {
	name := e.AuthorizeAs
	if len(name) == 0 {
		name = e.User
	}
	if len(name) == 0 && e.Outcome == protocols.Accepted {
		name = e.Account // the mechanism hid it, the server told
	}
	switch e.Outcome {
	case protocols.Accepted:
		m.logins.Add(1, e.Protocol, "ok")
		m.add(&e.Head, name, m.hosts.logins, m.accounts.logins, 1)
	case protocols.Unknown:
		m.logins.Add(1, e.Protocol, "unknown")
	default:
		m.logins.Add(1, e.Protocol, "failed")
		m.add(&e.Head, name, m.hosts.failed, m.accounts.failed, 1)
	}
}

func (m *Mail) read(e *protocols.MailboxRead) {
	var items, octets uint64
	for i := range e.Items {
		if it := &e.Items[i]; it.Kind == protocols.ReadWhole || it.Kind == protocols.ReadPartial {
			items, octets = items+uint64(it.Items), octets+it.Bytes
		}
	}
	m.bodyItems.Add(items, e.Protocol)
	m.bodyBytes.Add(octets, e.Protocol)
	m.add(&e.Head, e.Account, m.hosts.items, m.accounts.items, items)
	m.add(&e.Head, e.Account, m.hosts.bytes, m.accounts.bytes, octets)
}

// ruleChange counts a rule that was made or changed, by the furthest that it sends
// mail.
func (m *Mail) ruleChange(e *protocols.RuleChange) {
	if e.Outcome != protocols.Accepted || e.Listed {
		return
	}
	furthest := 0
	for i := range e.Actions {
		if a := &e.Actions[i]; a.Kind.Sends() {
			furthest = max(furthest, m.side(a))
		}
	}
	m.ruleChanges.Add(1, e.Source, sides[furthest])
}

// Where a rule sends mail, nearest first.
var sides = [...]string{"none", "unknown", "inside", "outside"}

// side says where an action sends mail: outside, unless it is known to be ours.
func (m *Mail) side(a *protocols.RuleAction) int {
	switch inside, _ := m.border.Mailbox(a.Target); {
	case inside:
		return 2
	case a.Unresolved || bytes.IndexByte(a.Target, '@') < 0:
		return 1
	}
	return 3
}

func (m *Mail) end(e *protocols.ConnEnd) {
	protocol := cmp.Or(e.Protocol, "unknown")
	m.connections.Add(1, protocol)
	for form, n := range e.Visible {
		m.visibleBytes.Add(n[0]+n[1], protocol, protocols.Visibility(form).String())
	}
}

// Raised counts an alert: when it is new, and whenever it becomes more severe.
func (m *Mail) Raised(a *detectors.Alert) {
	m.alerts.Add(1, a.Detector, a.Severity.String())
	switch a.Entity.Kind {
	case detectors.Host:
		m.hosts.alerts.Add([]byte(a.Entity.Name), 1)
	case detectors.Account:
		m.accounts.alerts.Add([]byte(a.Entity.Name), 1)
	}
}
