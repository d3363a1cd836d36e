package tls

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

func TestProbe(t *testing.T) {
	const (
		hello       = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
		serverHello = "\x16\x03\x03\x00\x7a\x02\x00\x00\x76"
		data        = "\x17\x03\x03\x05\x00abcdef"
	)
	for _, c := range []struct {
		name               string
		toServer, toClient string
		mid                bool
		want               protocols.Verdict
	}{
		{"client hello", hello, "", false, protocols.Accept},
		{"client hello with answer", hello, serverHello, false, protocols.Accept},
		{"half a record header", hello[:4], "", false, protocols.NeedMore},
		{"server first in reordered capture", "", serverHello, false, protocols.NeedMore},
		{"server side only", "", serverHello, true, protocols.Accept},
		{"application data in mid-stream", "", data, true, protocols.Accept},
		{"application data at the start", data, "", false, protocols.Reject},
		{"text", "EHLO x\r\n", "220 mx\r\n", false, protocols.Reject},
		{"hello to a text server", hello, "220 mx ESMTP\r\n", false, protocols.Reject},
		{"absurd length", "\x16\x03\x01\xff\xff\x01", "", false, protocols.Reject},
		{"empty", "", "", false, protocols.NeedMore},
	} {
		if got := probe(protocols.Probe{ToServer: []byte(c.toServer), ToClient: []byte(c.toClient), Midstream: c.mid}); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestCountsOnly(t *testing.T) {
	turns := protocoltest.Parse(t, `
		C> \x16\x03\x01\x00\x05\x01\x00\x00\x01\x00
		S> \x16\x03\x03\x00\x05\x02\x00\x00\x01\x00
		C> \x17\x03\x03\x00\x05abcde
	`)
	got := protocoltest.Run([]protocols.Protocol{New()}, protocoltest.Conn(993), turns)
	if len(got) != 2 || got[0] != "tls" || got[1] != "connection GaveUp=encrypted" {
		t.Errorf("events %q", got)
	}
	protocoltest.CutEverywhere(t, []protocols.Protocol{New()}, protocoltest.Conn(993), turns, 1000)
}

func FuzzProbe(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x02\x00\x01"), []byte{}, true)
	f.Fuzz(func(t *testing.T, a, b []byte, mid bool) {
		v := probe(protocols.Probe{ToServer: a, ToClient: b, Midstream: mid})
		if v == protocols.Accept && len(a) < 6 && len(b) < 6 {
			t.Fatalf("accepted without a record header: %x %x", a, b)
		}
	})
}
