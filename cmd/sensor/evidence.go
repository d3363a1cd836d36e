package main

import (
	"log/slog"

	"mailsensor/cmd/internal/evidence"
	"mailsensor/cmd/internal/metrics"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/detectors"
	"mailsensor/protocols"
)

// evidenceFlags say whether the packets of alerted flows are kept.
type evidenceFlags struct {
	PcapOut     string `placeholder:"DIR" help:"Keep the packets of the connections that alerts name, one capture a connection, credentials overwritten. Contents of messages are in them."`
	PcapOutSize int    `default:"256" placeholder:"MIB" help:"Size of all captures in --pcap-out together; the oldest make room. 256 by default."`
}

// packetMemory is how much of the latest packets is held for alerts to come.
const packetMemory = 64 << 20

// keeper opens the folder; nil: nothing is to be kept.
func (f *evidenceFlags) keeper(opt *pipeline.Options, log *slog.Logger, memory int) (*evidence.Keeper, error) {
	if f.PcapOut == "" {
		return nil, nil
	}
	ports := mailPorts(opt.Protocols)
	k, err := evidence.Open(evidence.Options{Dir: f.PcapOut, Limit: int64(max(f.PcapOutSize, 1)) << 20, Memory: memory,
		Mail: func(p uint16) bool { return ports[p] }, Log: log})
	if err == nil {
		opt.Keep = k.Packet
	}
	return k, err
}

func mailPorts(list []protocols.Protocol) map[uint16]bool {
	ports := map[uint16]bool{}
	for i := range list {
		for _, p := range list[i].Ports {
			ports[p] = true
		}
	}
	return ports
}

// evidenceOf has what the alert names kept, if anything is.
func evidenceOf(k *evidence.Keeper, a *detectors.Alert, now int64) {
	if k != nil {
		k.Alert(a, now)
	}
}

func gatherEvidence(r *metrics.Registry, k *evidence.Keeper) {
	if k == nil {
		return
	}
	r.Gather(func(w *metrics.Writer) {
		st := k.Stats()
		w.Counter("evidence_packets_total", st.Packets)
		w.Counter("evidence_packets_overwritten_total", st.Overwritten)
		w.Counter("evidence_flows_total", st.Flows)
		w.Counter("evidence_flows_partial_total", st.FlowsPartial)
		w.Counter("evidence_flows_refused_total", st.FlowsRefused)
		w.Counter("evidence_files_failed_total", st.Failed)
		w.Counter("evidence_files_removed_total", st.Removed)
		w.Gauge("evidence_files", float64(st.Files))
		w.Gauge("evidence_bytes", float64(st.Bytes))
	})
}
