package report

import (
	"cmp"
	"slices"

	"mailsensor/detectors/summary"
)

// http says what mail APIs and proxies did; of other HTTP only how much there was.
func (p *printer) http() {
	t := &p.doc.Totals.HTTP
	if t.Connections == 0 {
		return
	}
	accounts := slices.DeleteFunc(slices.Clone(p.doc.Accounts), func(a summary.Account) bool { return a.HTTP == nil || a.HTTP.MailOperations == 0 })
	slices.SortStableFunc(accounts, func(a, b summary.Account) int {
		return cmp.Or(cmp.Compare(b.HTTP.MailItems, a.HTTP.MailItems), cmp.Compare(b.HTTP.MailOperations, a.HTTP.MailOperations))
	})
	var rows []row
	for _, a := range accounts {
		h := a.HTTP
		rows = append(rows, row{a.Account, p.count(h.LoginsOK, h.LoginsOKConf), p.count(h.LoginsFailed, h.LoginsFailedConf),
			p.count(h.MailOperations, h.MailOperationsConf), p.count(h.MailItems, h.MailItemsConf), p.mark(size(h.MailBytes), h.MailBytesConf),
			p.count(h.RuleChanges, h.RuleChangesConf)})
	}
	if len(rows) > 0 {
		p.ranked("Mail over HTTP by account: calls, mails that they read, rules",
			row{"account", "logins", "failed", "calls", "mails", "bytes", "rules"}, rows)
	} else {
		p.line("\nHTTP")
	}
	p.rest("in all",
		figure{t.Requests, t.RequestsConf, "requests"},
		figure{t.MailOperations, t.MailOperationsConf, "mail calls"},
		figure{t.MailItems, t.MailItemsConf, "mails"},
		figure{t.Tunnels, t.TunnelsConf, "tunnels"},
		figure{t.TunnelsRefused, t.TunnelsRefusedConf, "refused"})
}
