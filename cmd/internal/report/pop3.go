package report

import (
	"cmp"
	"slices"

	"mailsensor/detectors/summary"
)

// pop3 is left out where there was none: few networks still have it.
func (p *printer) pop3() {
	if p.doc.Totals.POP3.Connections == 0 {
		return
	}
	accounts := slices.DeleteFunc(slices.Clone(p.doc.Accounts), func(a summary.Account) bool { return a.POP3 == nil })
	if len(accounts) == 0 {
		p.line("\nPOP3: no login was seen.")
		return
	}
	slices.SortStableFunc(accounts, func(a, b summary.Account) int {
		x, y := a.POP3, b.POP3
		return cmp.Or(cmp.Compare(y.MessagesDownloaded, x.MessagesDownloaded), cmp.Compare(y.BodyBytes, x.BodyBytes),
			cmp.Compare(y.LoginsFailed, x.LoginsFailed), cmp.Compare(y.LoginsOK, x.LoginsOK))
	})
	var rows []row
	for _, a := range accounts {
		m := a.POP3
		rows = append(rows, row{a.Account, p.count(m.LoginsOK, m.LoginsOKConf), p.count(m.LoginsFailed, m.LoginsFailedConf),
			p.count(m.MessagesDownloaded, m.MessagesDownloadedConf), p.mark(size(m.BodyBytes), m.BodyBytesConf),
			p.count(m.MessagesDeleted, m.MessagesDeletedConf), share(mailboxesOf(a, "pop3"))})
	}
	p.ranked("POP3 by account: logins, what was downloaded, and deleted on the server",
		row{"account", "logins", "failed", "mails", "bytes", "deleted", "share"}, rows)
}

// mailboxesOf are those of an account that a protocol showed.
func mailboxesOf(a summary.Account, protocol string) []summary.Mailbox {
	return slices.DeleteFunc(slices.Clone(a.Mailboxes), func(m summary.Mailbox) bool { return m.Protocol != protocol })
}
