package summary

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"mailsensor/protocols"
)

// What was not analysed makes every count a lower bound, and is said in words.
func TestLost(t *testing.T) {
	count := func(l Lost) (doc *Document, text string) {
		doc = &Document{Capture: Capture{Packets: 980}, Hosts: []Host{{Protocols: Protocols{SMTP: &SMTP{}}}}, Accounts: []Account{{Mailboxes: []Mailbox{{}}}}}
		doc.Totals.IMAP.MessagesDownloadedConf = UpperBound
		doc.Totals.TLS.Estimates = &Estimates{MessagesConf: protocols.Estimated}
		doc.Lose(l)
		var b bytes.Buffer
		if err := json.NewEncoder(&b).Encode(doc); err != nil {
			t.Fatal(err)
		}
		return doc, b.String()
	}
	if doc, text := count(Lost{}); doc.Capture.Lost != nil || strings.Contains(text, "lower_bound") {
		t.Errorf("nothing was lost: %s", text)
	}
	for _, l := range []Lost{{KernelDrops: 20}, {CardDrops: 20}, {ShedPackets: 20, ShedConnections: 3}} {
		doc, text := count(l)
		for _, c := range []Confidence{
			doc.Totals.SMTP.MessagesAcceptedConf, doc.Totals.IMAP.MessagesDownloadedConf, doc.Totals.POP3.LoginsOKConf,
			doc.Totals.HTTP.RequestsConf, doc.Hosts[0].SMTP.MessageBytesConf, doc.Accounts[0].Mailboxes[0].DownloadedConf,
		} {
			if c != LowerBound {
				t.Errorf("%+v: a count is %v", l, c)
			}
		}
		if doc.Totals.TLS.Estimates.MessagesConf != protocols.Estimated {
			t.Error("an estimate is none any more")
		}
		if got := doc.Capture.Lost; got == nil || got.Share < 0.019 || got.Share > 0.021 || !strings.Contains(text, "20 packets (2 %) were not analysed: 20 ") {
			t.Errorf("%+v: %+v", l, got)
		}
	}
}
