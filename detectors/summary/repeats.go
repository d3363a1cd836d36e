package summary

import (
	"net/netip"

	"mailsensor/detectors/mailbox"
)

// repeats knows how many messages of some mailboxes may be counted twice. Those
// of one account on one server are different in mailboxes whose name and
// UIDVALIDITY are known. What came from a mailbox that is not may be among them,
// or among those of another one; and if the account is unknown, among those of
// any account there.
type repeats struct {
	servers map[netip.Addr]*serverPool
	counted mailbox.Amounts
	boxes   uint64 // mailboxes
	unnamed uint64 // of those, such as may be another one
}

type serverPool struct {
	accounts map[string]*mailbox.Pool
	others   []mailbox.Amounts // of unknown accounts
}

func (r *repeats) add(m *mailbox.Mailbox) {
	var least mailbox.Amounts
	for l := mailbox.Headers; l <= mailbox.Whole; l++ {
		least[l] = m.Counts[l].Least
		r.counted[l] += m.Counts[l].N
	}
	r.boxes++
	known := m.Known && m.Name != ""
	if !known {
		r.unnamed++
	}
	s := r.server(m.Server)
	if m.Account == "" {
		s.others = append(s.others, least)
		return
	}
	p := s.accounts[m.Account]
	if p == nil {
		p = new(mailbox.Pool)
		s.accounts[m.Account] = p
	}
	if known {
		p.Add(least)
	} else {
		p.Other(least)
	}
}

func (r *repeats) server(a netip.Addr) *serverPool {
	s := r.servers[a]
	if s == nil {
		if r.servers == nil {
			r.servers = map[netip.Addr]*serverPool{}
		}
		s = &serverPool{accounts: map[string]*mailbox.Pool{}}
		r.servers[a] = s
	}
	return s
}

// remove takes from c what may have been counted twice.
func (r *repeats) remove(c *IMAP) {
	var least mailbox.Pool
	for _, s := range r.servers {
		var p mailbox.Pool
		for _, a := range s.accounts {
			p.Add(a.Least())
		}
		for _, o := range s.others {
			p.Other(o)
		}
		least.Add(p.Least())
	}
	a := least.Least()
	shift(&c.MessagesDownloaded, a[mailbox.Whole]-r.counted[mailbox.Whole])
	shift(&c.MessagesPartial, a[mailbox.Partial]-r.counted[mailbox.Partial])
	shift(&c.MessagesHeadersOnly, a[mailbox.Headers]-r.counted[mailbox.Headers])
	if named := r.boxes - r.unnamed; named > 0 {
		shift(&c.MailboxesRead, -int64(r.unnamed))
	} else if r.boxes > 0 {
		shift(&c.MailboxesRead, 1-int64(r.boxes))
	}
}
