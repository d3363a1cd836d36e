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
	estimated, visibleConnections      *Vec
	durations, reads, handshakes       *Histogram

	hosts, accounts entities
	account         []byte // the event's, borrowed from border
}

// entities are the series by host, or by account.
type entities struct{ messages, recipients, items, bytes, logins, failed, alerts *Top }

// durationBounds are of what people and networks wait for.
var durationBounds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

// NewMail registers the series of mail. Of hosts and accounts the top ones of each
// series have one of their own.
func (r *Registry) NewMail(border *inside.Border, top int) *Mail {
	m := &Mail{
		border:             border,
		messages:           r.NewVec("messages_total", "protocol", "direction", "outcome"),
		recipients:         r.NewVec("recipients_total", "protocol", "outcome", "side"),
		messageBytes:       r.NewVec("message_bytes_total", "protocol", "direction"),
		logins:             r.NewVec("logins_total", "protocol", "outcome"),
		bodyItems:          r.NewVec("body_items_total", "protocol"),
		bodyBytes:          r.NewVec("body_bytes_total", "protocol"),
		ruleChanges:        r.NewVec("rule_changes_total", "source", "target"),
		alerts:             r.NewVec("alerts_total", "detector", "severity"),
		connections:        r.NewVec("connections_total", "protocol"),
		visibleBytes:       r.NewVec("visibility_bytes_total", "protocol", "form"),
		estimated:          r.NewVec("estimated_messages_total", "protocol"),
		visibleConnections: r.NewVec("visibility_connections_total", "protocol", "form"),
		durations:          r.NewHistogram("message_duration_seconds", durationBounds, "protocol", "smtp", "lmtp"),
		reads:              r.NewHistogram("mailbox_read_duration_seconds", durationBounds, "protocol", "imap", "pop3"),
		handshakes:         r.NewHistogram("tls_handshake_duration_seconds", durationBounds, "", ""),
		hosts:              r.entities("host", top),
		accounts:           r.entities("account", top),
	}
	for _, protocol := range []string{"smtp", "lmtp"} {
		for _, direction := range directions {
			for _, o := range []protocols.Outcome{protocols.Accepted, protocols.Rejected, protocols.Unfinished, protocols.Unknown} {
				m.messages.Add(0, protocol, direction, o.String())
			}
			m.messageBytes.Add(0, protocol, direction)
		}
		for _, side := range []string{"inside", "outside", "unknown"} {
			m.recipients.Add(0, protocol, "accepted", side)
		}
		m.recipients.Add(0, protocol, "rejected", "unknown")
	}
	for _, protocol := range []string{"smtp", "imap", "pop3", "sieve", "http"} {
		for _, outcome := range []string{"ok", "failed", "unknown"} {
			m.logins.Add(0, protocol, outcome)
		}
		m.connections.Add(0, protocol)
		for form := range protocols.Visibility(protocols.Visibilities) {
			m.visibleConnections.Add(0, protocol, form.String())
		}
	}
	for _, protocol := range []string{"imap", "pop3", "http"} {
		m.bodyItems.Add(0, protocol)
		m.bodyBytes.Add(0, protocol)
	}
	for _, source := range ruleSources {
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
	case *protocols.TLSStart:
		if e.Started > 0 {
			m.handshakes.Observe(e.Time-e.Started, "")
		}
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
	in, out := m.border.Recipients(e)
	direction := m.direction(e, in, out)
	m.messages.Add(1, e.Protocol, direction, e.Outcome.String())
	if e.Started > 0 && e.Outcome != protocols.Unknown {
		m.durations.Observe(e.Time-e.Started, e.Protocol)
	}
	m.recipients.Add(in, e.Protocol, "accepted", "inside")
	m.recipients.Add(out, e.Protocol, "accepted", "outside")
	m.recipients.Add(uint64(e.RecipientsAccepted)-min(uint64(e.RecipientsAccepted), in+out), e.Protocol, "accepted", "unknown")
	m.recipients.Add(uint64(e.RecipientsRejected), e.Protocol, "rejected", "unknown")
	if e.Outcome == protocols.Accepted {
		m.messageBytes.Add(e.Size, e.Protocol, direction)
		m.add(&e.Head, e.Account, m.hosts.messages, m.accounts.messages, 1)
	}
	m.add(&e.Head, e.Account, m.hosts.recipients, m.accounts.recipients, uint64(e.RecipientsAccepted))
}

var directions = [...]string{"inbound", "outbound", "internal", "unknown"}

// direction is that of a message: outbound when any recipient is outside, else inbound
// or internal by who sent it. Who logged in is one of us, wherever that was from. Where
// no recipient tells, the addresses of client and server do.
func (m *Mail) direction(e *protocols.Message, in, out uint64) string {
	ours := len(e.Account) > 0 || m.border.Address(e.Client())
	server := m.border.Address(e.Server())
	switch {
	case out > 0, in == 0 && ours && !server:
		return "outbound"
	case !ours && (in > 0 || server):
		return "inbound"
	case in > 0:
		return "internal"
	}
	return "unknown"
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
	if e.Started > 0 && items > 0 {
		m.reads.Observe(e.Time-e.Started, e.Protocol)
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

// ruleSources are where rules come from.
var ruleSources = [...]string{"sieve", "ews", "owa", "graph", "gmail", "jmap"}

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
		if n[0]+n[1] > 0 {
			m.visibleConnections.Add(1, protocol, protocols.Visibility(form).String())
		}
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
