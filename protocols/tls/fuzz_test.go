package tls

import (
	"crypto/tls"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

func FuzzProbe(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x02\x00\x01"), []byte{}, true)
	f.Fuzz(func(t *testing.T, a, b []byte, mid bool) {
		v := probe(protocols.Probe{ToServer: a, ToClient: b, Midstream: mid})
		if v == protocols.Accept && len(a) < 6 && len(b) < 6 {
			t.Fatalf("accepted without a record header: %x %x", a, b)
		}
	})
}

// FuzzHandshake holds that no octets make the parser panic, and that it does not
// matter how they are cut.
func FuzzHandshake(f *testing.F) {
	cert := certify(f, "mx", "mx")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		turns := converse(f, &tls.Config{InsecureSkipVerify: true, ServerName: "mx", MaxVersion: version}, &tls.Config{Certificates: []tls.Certificate{cert}}, []string{"a FETCH 1 RFC822\r\n"}, []int{900})
		var in [2][]byte
		for _, turn := range turns {
			in[turn.Dir] = append(in[turn.Dir], turn.Text...)
		}
		f.Add(in[0], in[1], uint16(30), uint16(700), uint16(0))
		f.Add(in[0][2:], in[1], uint16(21), uint16(798), uint16(93)) // not divided into records
	}
	f.Fuzz(func(t *testing.T, toServer, toClient []byte, i, j, gap uint16) {
		if len(toServer)+len(toClient) > 8192 {
			return
		}
		p := New()
		p.Probe = func(protocols.Probe) protocols.Verdict { return protocols.Accept }
		list := []protocols.Protocol{p}
		half := len(toClient) / 2
		turns := []protocoltest.Turn{{Dir: capture.ToServer, Text: toServer}, {Dir: capture.ToClient, Text: toClient[:half]}}
		if gap > 0 {
			turns = append(turns, protocoltest.Turn{Dir: capture.ToClient, Gap: int(gap)})
		}
		turns = append(turns, protocoltest.Turn{Dir: capture.ToClient, Text: toClient[half:]})
		c := protocoltest.Conn(993)
		want := protocoltest.Run(list, c, turns)
		got := protocoltest.Run(list, c, protocoltest.Cut(turns, int(min(i, j)), int(max(i, j))))
		if len(got) != len(want) {
			t.Fatalf("cut: %q, whole: %q", got, want)
		}
		for k := range got {
			if got[k] != want[k] {
				t.Fatalf("cut: %s\nwhole: %s", got[k], want[k])
			}
		}
	})
}
