package report

import (
	"cmp"
	"slices"

	"mailsensor/detectors/summary"
)

func (p *printer) imap() {
	if p.doc.Totals.IMAP.Connections == 0 {
		p.line("\nNo IMAP in what could be seen.")
		return
	}
	p.imapAccounts()
	p.imapClients()
}

func (p *printer) imapAccounts() {
	accounts := slices.DeleteFunc(slices.Clone(p.doc.Accounts), func(a summary.Account) bool { return a.IMAP == nil })
	if len(accounts) == 0 {
		p.line("\nIMAP by account: no login was seen; what was downloaded is below, by client.")
		return
	}
	slices.SortStableFunc(accounts, func(a, b summary.Account) int { return busier(a.IMAP, b.IMAP) })
	var rows []row
	for _, a := range accounts {
		rows = append(rows, append(p.imapRow(a.Account, a.IMAP), share(mailboxesOf(a, "imap"))))
	}
	p.ranked("IMAP by account: logins, and what was downloaded",
		row{"account", "logins", "failed", "mails", "bytes", "boxes", "share"}, rows)
}

func (p *printer) imapClients() {
	hosts := slices.DeleteFunc(slices.Clone(p.doc.Hosts), func(h summary.Host) bool { return h.IMAP == nil })
	slices.SortStableFunc(hosts, func(a, b summary.Host) int { return busier(a.IMAP, b.IMAP) })
	var rows []row
	for _, h := range hosts {
		rows = append(rows, p.imapRow(h.Host, h.IMAP))
	}
	p.ranked("IMAP by client", row{"client", "logins", "failed", "mails", "bytes", "boxes"}, rows)
	l := &p.doc.Totals.IMAP.Logins
	p.rest("logins", figure{l.LoginsUnknown, l.LoginsUnknownConf, "without an answer seen"})
}

// busier orders by what was downloaded, then by logins, failed ones first.
func busier(a, b *summary.IMAP) int {
	return cmp.Or(cmp.Compare(b.MessagesDownloaded, a.MessagesDownloaded), cmp.Compare(b.BodyBytes, a.BodyBytes),
		cmp.Compare(b.LoginsFailed, a.LoginsFailed), cmp.Compare(b.LoginsOK, a.LoginsOK))
}

func (p *printer) imapRow(name string, m *summary.IMAP) row {
	return row{name, p.count(m.LoginsOK, m.LoginsOKConf), p.count(m.LoginsFailed, m.LoginsFailedConf),
		p.count(m.MessagesDownloaded, m.MessagesDownloadedConf), p.mark(size(m.BodyBytes), m.BodyBytesConf),
		p.count(m.MailboxesRead, m.MailboxesReadConf)}
}

// share is how much was downloaded of the mailboxes of which the size is known.
func share(boxes []summary.Mailbox) string {
	var downloaded, exists uint64
	for _, m := range boxes {
		if m.Exists > 0 {
			downloaded += min(m.Downloaded, uint64(m.Exists))
			exists += uint64(m.Exists)
		}
	}
	if exists == 0 {
		return ""
	}
	return percent(downloaded, exists)
}
