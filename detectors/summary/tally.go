package summary

import (
	"net/netip"
	"slices"

	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// doubt is why counts are not exact.
type doubt uint32

const (
	smtpLoginsLow doubt = 1 << iota
	smtpMailLow
	imapLoginsLow
	imapMailLow
	copiesLow    // a server did not say how many messages it copied or moved
	distinctLow  // of distinct messages: something that would have shown more was forgotten
	distinctHigh // of distinct messages: repeats could not be told apart
	pop3LoginsLow
	pop3MailLow
	sieveLoginsLow
	sieveLow
	httpLoginsLow
	httpMailLow
	imapTorn // IMAP was lost or not captured from its beginning: what named a mailbox may be missing
)

const everythingLow = smtpLoginsLow | smtpMailLow | imapLoginsLow | imapMailLow |
	pop3LoginsLow | pop3MailLow | sieveLoginsLow | sieveLow | httpLoginsLow | httpMailLow

// tally is the counts of a host, of an account, or of all.
type tally struct {
	smtp                     *SMTP // nil: none yet; of a recycled tally there may be one to come
	imap                     *IMAP
	tls                      TLS
	doubt                    doubt
	hasSMTP, hasIMAP, hasTLS bool
	*lesser
	parts *parts
}

// parts are made some at a time: most hosts speak one protocol, and there may be many.
type parts struct {
	smtp []SMTP
	imap []IMAP
}

const partsChunk = 64

// spokeSMTP returns the counts of SMTP, to count in them.
func (t *tally) spokeSMTP() *SMTP {
	t.hasSMTP = true
	if t.smtp == nil {
		t.smtp = take(&t.parts.smtp)
	}
	return t.smtp
}

// spokeIMAP is spokeSMTP of IMAP.
func (t *tally) spokeIMAP() *IMAP {
	t.hasIMAP = true
	if t.imap == nil {
		t.imap = take(&t.parts.imap)
	}
	return t.imap
}

func take[T any](from *[]T) *T {
	if len(*from) == 0 {
		*from = make([]T, partsChunk)
	}
	one := &(*from)[0]
	*from = (*from)[1:]
	return one
}

// begin makes a tally of a new entity of what a forgotten one left.
func (t *tally) begin(p *parts, d doubt) {
	smtp, imap := t.smtp, t.imap
	if smtp != nil {
		*smtp = SMTP{}
	}
	if imap != nil {
		*imap = IMAP{}
	}
	*t = tally{smtp: smtp, imap: imap, parts: p, doubt: d}
}

// lesser is the part of a tally that most hosts do not need: nil where they spoke
// none of these. There may be many hosts.
type lesser struct {
	pop3                       POP3
	sieve                      Sieve
	http                       HTTP
	hasPOP3, hasSieve, hasHTTP bool
}

// less returns the part, to count in it.
func (t *tally) less() *lesser {
	if t.lesser == nil {
		t.lesser = new(lesser)
	}
	return t.lesser
}

func (t *tally) add(o *tally) {
	if o.hasSMTP {
		t.spokeSMTP().add(o.smtp)
	}
	if o.hasIMAP {
		t.spokeIMAP().add(o.imap)
	}
	if o.lesser != nil {
		t.less().pop3.add(&o.pop3)
		t.sieve.add(&o.sieve)
		t.http.add(&o.http)
	}
	t.tls.add(&o.tls)
	t.doubt |= o.doubt
}

// account is a tally and who used it.
type account struct {
	tally
	clients []netip.Addr
	dropped uint64 // sightings of clients beyond maxClients
}

// scope is the tallies that an event belongs to: of its client, which comes
// first, of all, and of the account where there is one.
type scope struct {
	list [3]*tally
	n    int
}

func (sc *scope) tallies() []*tally { return sc.list[:sc.n] }

// scope returns the tallies for an event whose account was given as raw. The
// normalised name stays in s.name.
func (s *Summary) scope(h *protocols.Head, raw []byte) (sc scope) {
	client := h.Client()
	if h.Repeat { // what the client's own leg shows already; the host is the proxy
		sc.list[0], sc.n = s.host(client), 1
		return sc
	}
	sc.list[0], sc.list[1], sc.n = s.host(client), &s.totals, 2
	if name := s.accountName(raw); len(name) > 0 {
		a := s.account(name)
		a.note(client)
		sc.list[2], sc.n = &a.tally, 3
	}
	return sc
}

func (s *Summary) host(a netip.Addr) *tally {
	h := s.hosts.Get(a)
	if h == nil {
		if s.hosts.Full() {
			_, old := s.hosts.Oldest()
			s.otherHosts.add(old)
		}
		h = s.hosts.Insert(a)
		h.begin(&s.parts, reborn(s.hosts.Evicted))
	}
	return h
}

func (s *Summary) account(name []byte) *account {
	a := recent.GetBytes(s.accounts, name)
	if a == nil {
		if s.accounts.Full() {
			_, old := s.accounts.Oldest()
			s.otherAccounts.add(&old.tally)
		}
		a = s.accounts.Insert(string(name))
		a.begin(&s.parts, reborn(s.accounts.Evicted))
		a.clients, a.dropped = a.clients[:0], 0
	}
	return a
}

// reborn is the doubt about a new entity: once any was forgotten, it may be one
// that was here before.
func reborn(evicted uint64) doubt {
	if evicted > 0 {
		return everythingLow
	}
	return 0
}

// usualClients is how many an account has without another allocation.
const usualClients = 2

func (a *account) note(client netip.Addr) {
	switch {
	case slices.Contains(a.clients, client):
	case len(a.clients) < maxClients:
		if a.clients == nil {
			a.clients = make([]netip.Addr, 0, usualClients)
		}
		a.clients = append(a.clients, client)
	default:
		a.dropped++
	}
}

// logins returns the login counts of a protocol, or nil for those without.
func (t *tally) logins(protocol string) *Logins {
	switch protocol {
	case "smtp", "lmtp":
		return &t.spokeSMTP().Logins
	case "imap":
		return &t.spokeIMAP().Logins
	case "pop3":
		t.less().hasPOP3 = true
		return &t.pop3.Logins
	case "sieve":
		t.less().hasSieve = true
		return &t.sieve.Logins
	case "http":
		t.less().hasHTTP = true
		return &t.http.Logins
	}
	return nil
}

// low returns the doubts about logins and about the rest of a protocol's counts.
func low(protocol string) (logins, mail doubt) {
	switch protocol {
	case "smtp", "lmtp":
		return smtpLoginsLow, smtpMailLow
	case "imap":
		return imapLoginsLow, imapMailLow
	case "pop3":
		return pop3LoginsLow, pop3MailLow
	case "sieve":
		return sieveLoginsLow, sieveLow
	case "http":
		return httpLoginsLow, httpMailLow
	}
	return 0, 0
}
