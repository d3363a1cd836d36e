package main

import (
	"mailsensor/capture/live"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/detectors/summary"
)

// fillLive adds to the summary where the packets came from and what was lost before
// the sensor looked at it.
func fillLive(doc *summary.Document, stats live.Stats, res pipeline.Result) {
	lost := summary.Lost{
		ShedPackets: res.Shed.Packets, ShedMailPackets: res.Shed.MailPackets,
		ShedConnections: res.Shed.Connections, ShedMailConnections: res.Shed.MailConnections,
	}
	doc.Capture.Files = []string{}
	for _, i := range stats.Interfaces {
		doc.Capture.Files = append(doc.Capture.Files, i.Name)
		lost.KernelDrops += i.KernelDrops
		lost.CardDrops += i.NICDrops
	}
	for name, n := range map[string]uint64{"dropped_by_kernel": lost.KernelDrops, "dropped_by_card": lost.CardDrops} {
		if n > 0 {
			doc.Capture.Decode[name] = n
		}
	}
	doc.Lose(lost)
}
