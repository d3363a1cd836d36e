package summary

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"mailsensor/detectors"
	"mailsensor/detectors/mailbox"
	"mailsensor/detectors/rules"
)

// Document returns what was counted so far. It shares nothing with s.
func (s *Summary) Document() *Document {
	d := &Document{
		Schema: Schema,
		Capture: Capture{
			Files:       []string{},
			Connections: s.connections, OneSidedConnections: s.oneSided, GapBytes: s.gapBytes,
		},
		Hosts:      []Host{},
		Accounts:   []Account{},
		Rules:      []rules.Rule{},
		Alerts:     []*detectors.Alert{},
		Anomalies:  maps.Clone(s.anomalies),
		Visibility: make(map[string]*Forms, len(s.visibility)),
	}
	for name, f := range s.visibility {
		forms := *f
		forms.GaveUp = maps.Clone(f.GaveUp)
		d.Visibility[name] = &forms
	}
	v := s.survey()
	t := v.total.judged(&s.totals)
	d.Totals = t.all()
	s.addHosts(d, v)
	s.addAccounts(d, v)
	s.addRemote(d)
	s.addOther(d)
	return d
}

// survey is what the mailboxes say about the counts of distinct messages.
type survey struct {
	total    verdict
	hosts    map[netip.Addr]verdict
	accounts map[string]verdict
	boxes    map[string][]Mailbox // by account
}

type verdict struct {
	low   bool
	high  distinct
	least repeats
}

// add takes in a mailbox that t, if it is there, counted the reading of.
func (v *verdict) add(m *mailbox.Mailbox, t *tally) {
	if t != nil && t.doubt&imapTorn != 0 { // else nobody will ask
		v.least.add(m)
	}
	v.low = v.low || m.Counts[mailbox.Whole].Low
	v.high.downloaded = v.high.downloaded || m.Counts[mailbox.Whole].High
	v.high.headersOnly = v.high.headersOnly || m.Counts[mailbox.Headers].High
	v.high.mailboxes = v.high.mailboxes || !m.Known
	v.high.partial = v.high.partial || m.Counts[mailbox.Partial].High
}

// judged is a copy of t with its confidences filled in.
func (v verdict) judged(t *tally) tally {
	c := *t
	if t.smtp != nil {
		c.smtp = copied(t.smtp)
	}
	if t.imap != nil {
		c.imap = copied(t.imap)
	}
	if t.lesser != nil {
		c.lesser = copied(t.lesser)
	}
	v.judge(&c)
	return c
}

// judge fills in the confidences of a copy, which has parts of its own.
func (v *verdict) judge(c *tally) {
	if v.low {
		c.doubt |= distinctLow
	}
	if c.tls.Estimates != nil {
		c.tls.Estimates = copied(c.tls.Estimates)
	}
	if c.smtp != nil {
		c.smtp.judge(c.doubt)
	}
	if c.imap != nil {
		c.imap.high = v.high
		if c.doubt&imapTorn != 0 {
			v.least.remove(c.imap)
		}
		c.imap.judge(c.doubt)
	}
	if l := c.lesser; l != nil {
		l.pop3.high, l.http.high = v.high, v.high
		l.pop3.judge(c.doubt)
		l.sieve.judge(c.doubt)
		l.http.judge(c.doubt)
	}
}

func (s *Summary) survey() *survey {
	v := &survey{hosts: map[netip.Addr]verdict{}, accounts: map[string]verdict{}, boxes: map[string][]Mailbox{}}
	for m := range s.boxes.Mailboxes {
		if m.Repeat {
			continue
		}
		v.total.add(&m, &s.totals)
		if m.Account != "" {
			var t *tally
			if a := s.accounts.Peek(m.Account); a != nil {
				t = &a.tally
			}
			a := v.accounts[m.Account]
			a.add(&m, t)
			v.accounts[m.Account] = a
			v.boxes[m.Account] = append(v.boxes[m.Account], mailboxOf(&m))
		}
	}
	for m := range s.boxes.Clients {
		h := v.hosts[m.Client]
		h.add(&m, s.hosts.Peek(m.Client))
		v.hosts[m.Client] = h
	}
	return v
}

func mailboxOf(m *mailbox.Mailbox) Mailbox {
	whole, partial, headers := m.Counts[mailbox.Whole], m.Counts[mailbox.Partial], m.Counts[mailbox.Headers]
	b := Mailbox{
		Protocol: m.Protocol, Server: m.Server.String(), Mailbox: m.Name, UIDValidity: m.UIDValidity, Exists: m.Exists,
		Downloaded: told(whole), DownloadedConf: confidence(whole.Low, whole.High),
		HeadersOnly: told(headers), HeadersOnlyConf: confidence(headers.Low, headers.High),
		Partial: told(partial), PartialConf: confidence(partial.Low, partial.High),
	}
	if m.Exists > 0 {
		b.Share = min(1, float64(b.Downloaded)/float64(m.Exists)) // expunged ones no longer exist
	}
	return b
}

// told is what a lower bound may say, or what was counted.
func told(c mailbox.Count) uint64 {
	if c.Low {
		return uint64(c.Least)
	}
	return uint64(c.N)
}

func (s *Summary) addHosts(d *Document, v *survey) {
	type client struct {
		addr  netip.Addr
		tally *tally
	}
	list := make([]client, 0, s.hosts.Len())
	for a, t := range s.hosts.Each {
		list = append(list, client{a, t})
	}
	slices.SortFunc(list, func(a, b client) int { return a.addr.Compare(b.addr) })
	d.Hosts = make([]Host, 0, len(list))
	for _, c := range list {
		t := v.hosts[c.addr].judged(c.tally)
		h := Host{Host: c.addr.String(), Protocols: t.blocks()}
		if t.hasTLS {
			h.TLS = copied(&t.tls)
		}
		d.Hosts = append(d.Hosts, h)
	}
}

// all is of a tally that counts everything.
func (t *tally) all() Totals {
	return Totals{SMTP: *t.smtp, IMAP: *t.imap, POP3: t.pop3, Sieve: t.sieve, HTTP: t.http, TLS: t.tls}
}

// blocks are the counts of the protocols that were spoken.
func (t *tally) blocks() (p Protocols) {
	if t.hasSMTP {
		p.SMTP = t.smtp
	}
	if t.hasIMAP {
		p.IMAP = t.imap
	}
	if t.lesser == nil {
		return p
	}
	if t.hasPOP3 {
		p.POP3 = &t.pop3
	}
	if t.hasSieve {
		p.Sieve = &t.sieve
	}
	if t.hasHTTP {
		p.HTTP = &t.http
	}
	return p
}

func copied[T any](v *T) *T {
	c := *v
	return &c
}

func (s *Summary) addAccounts(d *Document, v *survey) {
	for name, a := range s.accounts.All {
		t := v.accounts[name].judged(&a.tally)
		doc := Account{Account: name, Clients: []string{}, ClientsDropped: a.dropped, Mailboxes: v.boxes[name]}
		for _, c := range slices.SortedFunc(slices.Values(a.clients), netip.Addr.Compare) {
			doc.Clients = append(doc.Clients, c.String())
		}
		slices.SortFunc(doc.Mailboxes, func(a, b Mailbox) int {
			return cmp.Or(cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.UIDValidity, b.UIDValidity),
				cmp.Compare(a.Downloaded, b.Downloaded), cmp.Compare(a.HeadersOnly, b.HeadersOnly), cmp.Compare(a.Partial, b.Partial), cmp.Compare(a.Exists, b.Exists))
		})
		doc.Protocols = t.blocks()
		d.Accounts = append(d.Accounts, doc)
	}
	slices.SortFunc(d.Accounts, func(a, b Account) int { return cmp.Compare(a.Account, b.Account) })
}

func (s *Summary) addOther(d *Document) {
	e := s.boxes.Evictions()
	o := Other{
		HostsEvicted: s.hosts.Evicted, AccountsEvicted: s.accounts.Evicted,
		MailboxesEvicted: e.Mailboxes, MailboxClientsEvicted: e.Hosts,
		SelectionsEvicted: e.Selections, MessagesEvicted: e.Messages, StructuresEvicted: e.Structures,
		NamesEvicted: e.Names,
	}
	if o == (Other{}) {
		return
	}
	if o.HostsEvicted > 0 {
		o.Hosts = otherCounts(&s.otherHosts)
	}
	if o.AccountsEvicted > 0 {
		o.Accounts = otherCounts(&s.otherAccounts)
	}
	d.Other = &o
}

func otherCounts(t *tally) *Totals {
	c := verdict{}.judged(t)
	all := c.all()
	return &all
}
