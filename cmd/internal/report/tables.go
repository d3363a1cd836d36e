package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"mailsensor/detectors/summary"
)

// visibility says how much of each protocol could be read: whatever the tables
// below do not show may be in what could not.
func (p *printer) visibility() {
	names := slices.Sorted(maps.Keys(p.doc.Visibility))
	names = slices.DeleteFunc(names, func(s string) bool { return s == "total" })
	if len(names) == 0 {
		p.line("\nNo TCP payload was seen.")
		return
	}
	if len(names) > 1 {
		names = append(names, "total")
	}
	var rows []row
	for _, name := range names {
		f := p.doc.Visibility[name]
		rows = append(rows, row{name, size(f.Cleartext.Bytes), size(f.StartTLS.Bytes), size(f.TLS.Bytes),
			size(f.Compressed.Bytes), size(f.Decrypted.Bytes), size(f.Unknown.Bytes)})
	}
	p.grid("What could be seen: octets of payload by form",
		row{"protocol", "clear text", "STARTTLS", "TLS", "compressed", "decrypted", "unknown"}, rows)
	p.unread()
}

// unread says, in one line, of how many connections the rest could not be read, and
// why.
func (p *printer) unread() {
	f := p.doc.Visibility["total"]
	if f == nil || len(f.GaveUp) == 0 {
		return
	}
	whys := slices.SortedFunc(maps.Keys(f.GaveUp), func(a, b string) int {
		return cmp.Or(cmp.Compare(f.GaveUp[b], f.GaveUp[a]), strings.Compare(a, b))
	})
	var parts []string
	for _, why := range whys {
		parts = append(parts, short(f.GaveUp[why])+" "+why)
	}
	p.line("  connections not read to their end: %s", safe(strings.Join(parts, ", "), width-38))
}

func (p *printer) smtp() {
	hosts := slices.DeleteFunc(slices.Clone(p.doc.Hosts), func(h summary.Host) bool { return h.SMTP == nil })
	if len(hosts) == 0 {
		p.line("\nNo SMTP in what could be seen.")
		return
	}
	slices.SortStableFunc(hosts, func(a, b summary.Host) int {
		return cmp.Or(cmp.Compare(b.SMTP.MessagesAttempted, a.SMTP.MessagesAttempted),
			cmp.Compare(b.SMTP.MessageBytes, a.SMTP.MessageBytes), cmp.Compare(b.SMTP.Connections, a.SMTP.Connections))
	})
	var rows []row
	for _, h := range hosts {
		s := h.SMTP
		rows = append(rows, row{h.Host, p.count(s.MessagesAttempted, s.MessagesAttemptedConf),
			p.count(s.MessagesAccepted, s.MessagesAcceptedConf), p.count(s.MessagesRejected, s.MessagesRejectedConf),
			p.count(s.RecipientsAccepted, s.RecipientsAcceptedConf), p.mark(size(s.MessageBytes), s.MessageBytesConf)})
	}
	p.ranked("SMTP by host: messages, and what was accepted of them",
		row{"host", "sent", "accepted", "rejected", "recipients", "bytes"}, rows)
	p.smtpRest()
}

// smtpRest says what the columns do not: why sent is more than accepted and
// rejected together, and who logged in.
func (p *printer) smtpRest() {
	t := &p.doc.Totals.SMTP
	p.rest("neither accepted nor rejected",
		figure{t.MessagesUnfinished, t.MessagesUnfinishedConf, "unfinished"},
		figure{t.MessagesUnknown, t.MessagesUnknownConf, "without an answer seen"})
	p.rest("logins",
		figure{t.LoginsOK, t.LoginsOKConf, "ok"},
		figure{t.LoginsFailed, t.LoginsFailedConf, "failed"},
		figure{t.LoginsUnknown, t.LoginsUnknownConf, "without an answer seen"})
}

// figure is a count and what it counts.
type figure struct {
	n     uint64
	conf  summary.Confidence
	means string
}

// rest prints what there is of figures in one line.
func (p *printer) rest(name string, figures ...figure) {
	var parts []string
	for _, f := range figures {
		if f.n > 0 {
			parts = append(parts, p.count(f.n, f.conf)+" "+f.means)
		}
	}
	if len(parts) > 0 {
		p.line("  %s: %s", name, strings.Join(parts, ", "))
	}
}

func (p *printer) count(n uint64, c summary.Confidence) string { return p.mark(short(n), c) }

// evictions says that the tables are not all: the sums have what they miss.
func (p *printer) evictions() {
	o := p.doc.Other
	if o == nil || o.HostsEvicted+o.AccountsEvicted == 0 {
		return
	}
	p.line("\nForgotten for want of room: %s, %s.\nWhat they did is in the totals of --json.",
		plural(o.HostsEvicted, "host", "hosts"), plural(o.AccountsEvicted, "account", "accounts"))
}
