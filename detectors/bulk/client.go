package bulk

import (
	"fmt"

	"mailsensor/detectors"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// host is a client that reads mailboxes.
type host struct {
	reads []taken    // accounts, within the window
	room  [1]taken   // where reads begins: most hosts read one account
	many  window.Set // days on which it read as many mailboxes: webmail, archivers, proxies do
	told  int
}

// taken is what a host took of one account.
type taken struct {
	account uint64
	n       uint64
	last    int64
}

// maxTaken bounds the accounts of a host that are followed within the window.
const maxTaken = 128

// habit is how long a host that reads many mailboxes is remembered to do so, and
// on how many days it has to have done so.
const (
	habit     = 30 * day
	habitDays = 3
)

// client looks at how many mailboxes one client reads.
func (d *Detector) client(e *protocols.MailboxRead, a *account, fresh uint64, raise func(detectors.Alert)) {
	if fresh == 0 || len(e.Account) == 0 {
		return
	}
	h := d.hosts.Get(e.Client())
	if h == nil {
		h = d.hosts.Insert(e.Client())
		*h = host{reads: h.reads[:0]}
	}
	n := h.take(protocols.NameID(a.name), fresh, e.Time, int64(d.config.BurstWindow), uint64(d.config.PerMailbox))
	if n < d.config.Mailboxes {
		h.told = 0
		return
	}
	days, _ := h.many.Add(e.Time, habit, uint64(e.Time/day))
	if days > habitDays || n <= h.told {
		return
	}
	h.told = n
	al := detectors.Alert{What: "many_mailboxes", Key: "many " + e.Client().String(), Confidence: e.Confidence,
		Entity: detectors.Entity{Kind: detectors.Host, Name: e.Client().String()}, Techniques: []string{"T1114.002"}}
	al.Saw(&e.Head)
	al.Related = []detectors.Entity{{Kind: detectors.Account, Name: a.name}}
	al.Score = 0.6 + 0.25*min(1, (float64(n)/float64(d.config.Mailboxes)-1)/4)
	if !d.border.Address(e.Client()) {
		al.Score += 0.1
	}
	al.Summary = fmt.Sprintf("%s downloaded from %d mailboxes in %s", e.Client(), n, detectors.Window(d.config.BurstWindow))
	al.Evidence = []detectors.Measure{{Name: "mailboxes", Seen: float64(n), Bound: detectors.Value(float64(d.config.Mailboxes)), Unit: "accounts",
		Text: fmt.Sprintf("%d accounts with %d messages and more within %s, floor %d", n, d.config.PerMailbox, detectors.Window(d.config.BurstWindow), d.config.Mailboxes)}}
	raise(al)
}

// take counts messages of an account and returns of how many accounts the host
// took enough within the window.
func (h *host) take(account, n uint64, t, span int64, enough uint64) (accounts int) {
	kept := h.reads[:0]
	found := false
	for _, r := range h.reads {
		if r.last <= t-span {
			continue
		}
		if r.account == account {
			r.n, r.last, found = r.n+n, t, true
		}
		kept = append(kept, r)
	}
	h.reads = kept
	if !found && len(h.reads) < maxTaken {
		if h.reads == nil {
			h.reads = h.room[:0]
		}
		h.reads = append(h.reads, taken{account, n, t})
	}
	for _, r := range h.reads {
		if r.n >= enough {
			accounts++
		}
	}
	return accounts
}

// estimated is about a TLS session in which much was probably downloaded. An
// estimate alone is no finding: it takes a client from outside besides.
func (d *Detector) estimated(e *protocols.TLSUse, raise func(detectors.Alert)) {
	if int(e.MessagesLow) < d.config.EstimatedFloor || d.border.Address(e.Client()) || !d.border.Address(e.Conn.Server.Addr()) {
		return
	}
	al := detectors.Alert{What: "probable_bulk_download", Key: "tls " + e.Client().String(), Confidence: protocols.Estimated,
		Entity: detectors.Entity{Kind: detectors.Host, Name: e.Client().String()}, Techniques: []string{"T1114.002"}, Score: 0.5}
	al.Saw(&e.Head)
	al.Related = []detectors.Entity{{Kind: detectors.Server, Name: e.Conn.Server.Addr().String()}}
	al.Summary = fmt.Sprintf("%s downloaded about %d messages over encrypted %s (estimated: %d to %d), from outside", e.Client(), e.Messages, e.Service, e.MessagesLow, e.MessagesHigh)
	al.Evidence = []detectors.Measure{
		{Name: "messages_estimated", Seen: float64(e.Messages), Bound: detectors.Value(float64(d.config.EstimatedFloor)), Unit: "messages",
			Text: fmt.Sprintf("%d to %d messages by the lengths of records", e.MessagesLow, e.MessagesHigh)},
		{Name: "from_outside", Seen: 1, Text: "read from outside"},
	}
	raise(al)
}
