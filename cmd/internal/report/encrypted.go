package report

import (
	"cmp"
	"slices"

	"mailsensor/detectors/summary"
)

// encrypted says what IMAP and POP3 in TLS probably downloaded.
func (p *printer) encrypted() {
	hosts := slices.DeleteFunc(slices.Clone(p.doc.Hosts), func(h summary.Host) bool {
		return h.TLS == nil || h.TLS.Estimates == nil || h.TLS.BytesHigh == 0
	})
	if len(hosts) == 0 {
		return
	}
	slices.SortStableFunc(hosts, func(a, b summary.Host) int {
		return cmp.Or(cmp.Compare(b.TLS.Bytes, a.TLS.Bytes), cmp.Compare(b.TLS.Messages, a.TLS.Messages))
	})
	var rows []row
	for _, h := range hosts {
		e := h.TLS.Estimates
		rows = append(rows, row{h.Host, p.count(e.Messages, e.MessagesConf), between(short(e.MessagesLow), short(e.MessagesHigh)),
			p.mark(size(e.Bytes), e.BytesConf), between(size(e.BytesLow), size(e.BytesHigh))})
	}
	p.ranked("In TLS, by client: mails probably downloaded, judged by lengths of records",
		row{"client", "mails", "between", "bytes", "between"}, rows)
}

func between(low, high string) string { return low + " - " + high }

// remote lists remote access beside the mail.
func (p *printer) remote() {
	list := slices.Clone(p.doc.RemoteAccess)
	if len(list) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b summary.RemoteAccess) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Connections, a.Connections))
	})
	var rows []row
	for _, r := range list {
		rows = append(rows, row{r.Client + " to " + r.Server, r.Kind, short(r.Connections), size(r.Bytes)})
	}
	p.ranked("Remote access beside the mail", row{"from, to", "kind", "times", "bytes"}, rows)
}
