package summary

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/detectors/inside"
	"mailsensor/protocols"
)

func tlsHead(client string, service uint16) protocols.Head {
	return protocols.Head{Protocol: "tls", Conn: capture.Conn{Client: netip.MustParseAddrPort(client), Server: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.9"), service), Handshake: true}}
}

// Estimates stand beside exact counts, for the host and in total, and a repeat
// counts for its host alone.
func TestEstimates(t *testing.T) {
	s := New(inside.New(inside.Config{}))
	e := &protocols.TLSUse{Head: tlsHead("10.0.0.1:4000", 993), Service: "imap", Messages: 10, MessagesLow: 8, MessagesHigh: 12, Bytes: 1000, BytesLow: 900, BytesHigh: 1100}
	s.Observe(e)
	s.Observe(e)
	again := *e
	again.Head = tlsHead("10.0.0.2:4000", 993)
	again.Repeat = true
	s.Observe(&again)
	d := s.Document()
	total, proxy := d.Totals.TLS.Estimates, d.Hosts[1].TLS.Estimates
	if *total != (Estimates{20, 16, 24, protocols.Estimated, 2000, 1800, 2200, protocols.Estimated}) || proxy.Messages != 10 || d.Totals.IMAP.MessagesDownloaded != 0 {
		t.Errorf("total %+v, proxy %+v", total, proxy)
	}
	b, err := json.Marshal(d.Totals.TLS)
	if err != nil || !strings.Contains(string(b), `"messages_estimated":20,`) || !strings.Contains(string(b), `"messages_estimated_confidence":"estimated"`) {
		t.Errorf("%s (%v)", b, err)
	}
	s.Observe(e)
	if total.Messages != 20 {
		t.Error("the document shares its estimates with the summary")
	}
	if b, _ := json.Marshal(new(TLS)); strings.Contains(string(b), "estimated") {
		t.Errorf("nothing was estimated: %s", b)
	}
}

func TestRemoteAccess(t *testing.T) {
	s := New(inside.New(inside.Config{}))
	end := func(client, kind, name string, at int64) *protocols.ConnEnd {
		e := &protocols.ConnEnd{Head: tlsHead(client, 22), Remote: kind, Service: []byte(name), Totals: capture.Totals{Start: at, Last: at + 5}}
		e.Totals.Half[0].Bytes, e.Totals.Half[1].Bytes = 10, 20
		return e
	}
	s.Observe(end("10.0.0.1:1", "ssh", "SSH-2.0-a", 200))
	s.Observe(end("10.0.0.1:2", "ssh", "", 100))
	s.Observe(end("10.0.0.1:3", "rdp", "ann", 300))
	s.Observe(end("10.0.0.1:4", "", "", 300))
	d := s.Document()
	if len(d.RemoteAccess) != 2 || d.RemoteAccess[1] != (RemoteAccess{"10.0.0.1", "192.0.2.9", "ssh", "SSH-2.0-a", 2, 60, 100, 205}) {
		t.Errorf("%+v", d.RemoteAccess)
	}
	for i := range maxRemote + 10 {
		s.Observe(end(fmt.Sprintf("10.1.%d.%d:9", i>>8, i&255), "ssh", "x", 400))
	}
	if d := s.Document(); len(d.RemoteAccess) != maxRemote || d.RemoteEvicted != 12 {
		t.Errorf("%d remembered, %d forgotten", len(d.RemoteAccess), d.RemoteEvicted)
	}
}
