package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"mailsensor/capture/live"
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/cmd/internal/report"
)

// Drops of the kernel and flows that were put aside make the counts of the live
// summary lower bounds, in JSON and in print.
func TestLostIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		stats live.InterfaceStats
		shed  pipeline.ShedStats
		says  string
	}{
		"kernel": {stats: live.InterfaceStats{KernelDrops: 7}, says: "kernel 7,"},
		"card":   {stats: live.InterfaceStats{NICDrops: 7}, says: "card 7,"},
		"shed":   {shed: pipeline.ShedStats{Packets: 7, MailPackets: 2}, says: "put aside 7 (of mail 2)"},
	} {
		a, err := newAnalysis(config.Default())
		if err != nil {
			t.Fatal(err)
		}
		doc, res := a.document(), pipeline.Result{Packets: 100, Shed: c.shed}
		fillResult(doc, res)
		fillLive(doc, live.Stats{Interfaces: []live.InterfaceStats{c.stats}}, res)
		var printed, text bytes.Buffer
		if err := report.Write(&printed, doc, report.Options{Location: time.UTC}); err != nil {
			t.Fatal(err)
		}
		if err := doc.Write(&text); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(printed.String(), "7 of 10") || !strings.Contains(printed.String(), c.says) {
			t.Errorf("%s: %s", name, printed.String())
		}
		if !strings.Contains(text.String(), `"messages_accepted_confidence": "lower_bound"`) {
			t.Errorf("%s: %s", name, text.String())
		}
	}
}
