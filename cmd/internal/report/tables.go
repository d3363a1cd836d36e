package report

import (
	"cmp"
	"slices"
	"strings"

	"mailsensor/detectors/summary"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// grid renders rows under a title; the first left columns are text, the others
// numbers. more is how many rows there are beyond those shown.
func (p *printer) grid(title string, left int, head table.Row, rows []table.Row) {
	shown := rows
	if p.opt.Top > 0 && len(rows) > p.opt.Top {
		shown = rows[:p.opt.Top]
	}
	t := table.NewWriter()
	t.AppendHeader(head)
	t.AppendRows(shown)
	style := table.StyleDefault
	style.Name = "sensor"
	style.Options = table.Options{SeparateHeader: false}
	style.Box = table.StyleBoxDefault
	style.Box.PaddingLeft, style.Box.PaddingRight = " ", " "
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	var columns []table.ColumnConfig
	for i := range head {
		align := text.AlignRight
		if i < left {
			align = text.AlignLeft
		}
		columns = append(columns, table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align})
	}
	t.SetColumnConfigs(columns)
	p.line("\n%s", title)
	for line := range strings.SplitSeq(t.Render(), "\n") {
		p.line(" %s", strings.TrimRight(line, " "))
	}
	if n := len(rows) - len(shown); n > 0 {
		p.line("  … and %s (--top %d shows all)", plural(uint64(n), "more", "more"), len(rows))
	}
}

// visibility says how much of each protocol could be read: whatever the tables
// below do not show may be in what could not.
func (p *printer) visibility() {
	var names []string
	for name := range p.doc.Visibility {
		if name != "total" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > 1 {
		names = append(names, "total")
	}
	var rows []table.Row
	for _, name := range names {
		f := p.doc.Visibility[name]
		rows = append(rows, table.Row{safe(name, 12), size(f.Cleartext.Bytes), size(f.StartTLS.Bytes), size(f.TLS.Bytes),
			size(f.Compressed.Bytes), size(f.Unknown.Bytes)})
	}
	if len(rows) == 0 {
		p.line("\nNo TCP payload was seen.")
		return
	}
	p.grid("What could be seen of it (payload bytes)", 1,
		table.Row{"protocol", "clear text", "STARTTLS", "TLS", "compressed", "unknown"}, rows)
}

func (p *printer) smtp() {
	var hosts []summary.Host
	for _, h := range p.doc.Hosts {
		if h.SMTP != nil {
			hosts = append(hosts, h)
		}
	}
	if len(hosts) == 0 {
		p.line("\nNo SMTP in what could be seen.")
		return
	}
	slices.SortStableFunc(hosts, func(a, b summary.Host) int {
		return cmp.Or(cmp.Compare(b.SMTP.MessagesAttempted, a.SMTP.MessagesAttempted), cmp.Compare(b.SMTP.Connections, a.SMTP.Connections))
	})
	var rows []table.Row
	for _, h := range hosts {
		s := h.SMTP
		rows = append(rows, table.Row{h.Host,
			mark(number(s.MessagesAttempted), s.MessagesAttemptedConf), mark(number(s.MessagesAccepted), s.MessagesAcceptedConf),
			mark(number(s.MessagesRejected), s.MessagesRejectedConf), mark(number(s.RecipientsAccepted), s.RecipientsAcceptedConf),
			mark(size(s.MessageBytes), s.MessageBytesConf)})
	}
	p.grid("SMTP by host: messages", 1, table.Row{"host", "sent", "accepted", "rejected", "rcpts", "bytes"}, rows)
	if t := p.doc.Totals.SMTP; t.LoginsOK+t.LoginsFailed+t.LoginsUnknown > 0 {
		p.line("  logins: %s ok, %s failed, %s without an answer seen", number(t.LoginsOK), number(t.LoginsFailed), number(t.LoginsUnknown))
	}
}

var imapHead = table.Row{"", "logins", "failed", "messages", "bytes", "mboxes", "share"}

func (p *printer) imapAccounts() {
	var rows []table.Row
	accounts := slices.Clone(p.doc.Accounts)
	accounts = slices.DeleteFunc(accounts, func(a summary.Account) bool { return a.IMAP == nil })
	if len(accounts) == 0 && p.doc.Totals.IMAP.Connections == 0 {
		p.line("\nNo IMAP in what could be seen.")
		return
	}
	slices.SortStableFunc(accounts, func(a, b summary.Account) int { return busier(a.IMAP, b.IMAP) })
	for _, a := range accounts {
		var downloaded, exists uint64
		for _, m := range a.Mailboxes {
			downloaded, exists = downloaded+m.Downloaded, exists+uint64(m.Exists)
		}
		share := ""
		if exists > 0 {
			share = percent(min(downloaded, exists), exists)
		}
		rows = append(rows, imapRow(safe(a.Account, 33), a.IMAP, share))
	}
	head := slices.Clone(imapHead)
	head[0] = "account"
	p.grid("IMAP by account: logins, and what was downloaded", 1, head, rows)
}

func (p *printer) imapClients() {
	hosts := slices.DeleteFunc(slices.Clone(p.doc.Hosts), func(h summary.Host) bool { return h.IMAP == nil })
	if len(hosts) == 0 {
		return
	}
	slices.SortStableFunc(hosts, func(a, b summary.Host) int { return busier(a.IMAP, b.IMAP) })
	var rows []table.Row
	for _, h := range hosts {
		rows = append(rows, imapRow(h.Host, h.IMAP, "")[:6])
	}
	head := slices.Clone(imapHead[:6])
	head[0] = "client"
	p.grid("IMAP by client", 1, head, rows)
}

func busier(a, b *summary.IMAP) int {
	return cmp.Or(cmp.Compare(b.MessagesDownloaded, a.MessagesDownloaded), cmp.Compare(b.BodyBytes, a.BodyBytes),
		cmp.Compare(b.LoginsFailed, a.LoginsFailed), cmp.Compare(b.LoginsOK, a.LoginsOK))
}

func imapRow(name string, m *summary.IMAP, share string) table.Row {
	return table.Row{name, mark(number(m.LoginsOK), m.LoginsOKConf), mark(number(m.LoginsFailed), m.LoginsFailedConf),
		mark(number(m.MessagesDownloaded), m.MessagesDownloadedConf), mark(size(m.BodyBytes), m.BodyBytesConf),
		mark(number(m.MailboxesRead), m.MailboxesReadConf), share}
}

func (p *printer) anomalies() {
	if len(p.doc.Anomalies) == 0 {
		return
	}
	kinds := make([]string, 0, len(p.doc.Anomalies))
	for k := range p.doc.Anomalies {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b string) int {
		return cmp.Or(cmp.Compare(p.doc.Anomalies[b], p.doc.Anomalies[a]), strings.Compare(a, b))
	})
	var rows []table.Row
	for _, k := range kinds {
		rows = append(rows, table.Row{number(p.doc.Anomalies[k]), k, meaning(k)})
	}
	p.line("\nAnomalies")
	for _, r := range rows {
		p.line("  %6s  %-26s %s", r[0], safe(r[1].(string), 26), safe(r[2].(string), 44))
	}
}
