package main

import (
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

func TestFilter(t *testing.T) {
	whole := replay(t, "../../pcaps/capture/reordered.pcap")
	smtp := replay(t, "--filter", "tcp port 25", "../../pcaps/capture/reordered.pcap")
	if smtp.Totals["imap"]["connections"] != 0.0 || smtp.Totals["smtp"]["connections"] != whole.Totals["smtp"]["connections"] {
		t.Errorf("%v", smtp.Totals)
	}
	if n := smtp.Capture.Decode["filtered"]; n == 0 || n >= smtp.Capture.Packets || smtp.Capture.Packets != whole.Capture.Packets {
		t.Errorf("%d of %d packets filtered", n, smtp.Capture.Packets)
	}
}

// --from and --to take a stretch [from, to) of the capture; a time without a
// zone is in the configured one.
func TestFromTo(t *testing.T) {
	berlin := write(t, "sensor.yaml", []byte("timezone: Europe/Berlin\n"))
	const file = "../../pcaps/capture/reordered.pcap"
	whole := replay(t, file)
	last, err := time.Parse(time.RFC3339Nano, whole.Capture.Last)
	if err != nil {
		t.Fatal(err)
	}
	to := last.Truncate(time.Second)
	from := to.Add(-3 * time.Second)
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	a := replay(t, "--from", from.Format(time.RFC3339), "--to", to.Format(time.RFC3339), file)
	b := replay(t, "--from", from.Format(time.DateTime), "--to", to.Format("2006-01-02T15:04:05"), file)
	c := replay(t, "--config", berlin, "--from", from.In(zone).Format(time.DateTime), "--to", to.In(zone).Format(time.DateTime), file)
	if marshal(t, a) != marshal(t, b) || marshal(t, a) != marshal(t, c) {
		t.Errorf("%+v\n%+v\n%+v", a.Capture, b.Capture, c.Capture)
	}
	f, err := time.Parse(time.RFC3339Nano, a.Capture.First)
	if err != nil {
		t.Fatal(err)
	}
	l, err := time.Parse(time.RFC3339Nano, a.Capture.Last)
	if err != nil {
		t.Fatal(err)
	}
	if f.Before(from) || !l.Before(to) || a.Capture.Decode["filtered"] == 0 || a.Capture.Decode["filtered"] >= whole.Capture.Packets {
		t.Errorf("%v to %v, %d left out", f, l, a.Capture.Decode["filtered"])
	}
	if rest := replay(t, "--from", to.Format(time.RFC3339), file); rest.Capture.Decode["filtered"] == 0 || rest.Capture.Last != whole.Capture.Last {
		t.Errorf("%+v", rest.Capture)
	}
}

// oneSession is a capture of somebody who logs in under a short name.
func oneSession(t *testing.T, change func([]synth.Frame)) string {
	t.Helper()
	cfg := synth.Config{Client: netip.MustParseAddrPort("10.0.0.1:40000"), Server: netip.MustParseAddrPort("10.0.0.2:143"), VLANs: []uint16{10}}
	say := func(d capture.Dir, s string) synth.Turn { return synth.Turn{Dir: d, Bytes: []byte(s)} }
	frames := synth.FromDialogue(cfg, 1_700_000_000_000_000_000, []synth.Turn{
		say(capture.ToClient, "* OK IMAP4rev1 ready\r\n"),
		say(capture.ToServer, "a LOGIN Vic wrong-secret\r\n"),
		say(capture.ToClient, "a NO\r\n"),
		say(capture.ToServer, "b LOGIN Vic right-secret\r\n"),
		say(capture.ToClient, "b OK\r\n"),
		say(capture.ToServer, "c LOGOUT\r\n"),
		say(capture.ToClient, "* BYE\r\nc OK\r\n"),
	})
	if change != nil {
		change(frames)
	}
	file := filepath.Join(t.TempDir(), "session.pcap")
	if err := synth.WriteFile(file, frames); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAccountNames(t *testing.T) {
	file := oneSession(t, nil)
	for config, want := range map[string]string{
		"": "vic",
		"accounts: {default_domain: corp.example}":                                                   "vic@corp.example",
		"accounts: {aliases: {VIC: victor@corp.example}}":                                            "victor@corp.example",
		"accounts: {default_domain: corp.example, aliases: {vic@corp.example: victor@corp.example}}": "victor@corp.example",
	} {
		d := replay(t, "--config", write(t, "sensor.yaml", []byte(config)), file)
		if len(d.Accounts) != 1 || d.Accounts[0].Account != want || d.Accounts[0].IMAP.OK != 1 || d.Accounts[0].IMAP.Failed != 1 {
			t.Errorf("%q: %+v, want %s", config, d.Accounts, want)
		}
	}
}

// A tap of a router shows the two directions of a connection in two VLANs.
func TestVLANAware(t *testing.T) {
	file := oneSession(t, func(frames []synth.Frame) {
		for i := range frames {
			if b := frames[i].Bytes; b[7] == byte(capture.ToClient) { // of the source MAC
				b[15] = 20 // the VLAN id
			}
		}
	})
	if d := replay(t, file); d.Capture.Connections != 1 || d.Capture.OneSided != 0 || d.Totals["imap"]["logins_ok"] != 1.0 {
		t.Errorf("%+v, %v", d.Capture, d.Totals["imap"])
	}
	if d := replay(t, "--vlan-aware", file); d.Capture.Connections != 2 || d.Capture.OneSided != 2 {
		t.Errorf("%+v", d.Capture)
	}
}

func TestChecksums(t *testing.T) {
	file := oneSession(t, func(frames []synth.Frame) {
		i := slices.IndexFunc(frames, func(f synth.Frame) bool { return len(f.Bytes) > 100 })
		b := frames[max(i, 3)].Bytes
		b[18+20+16] ^= 0x55 // behind Ethernet with a VLAN and IPv4: of the TCP checksum
	})
	if d := replay(t, file); d.Capture.Decode["bad_checksum"] != 0 || d.Totals["imap"]["logins_ok"] != 1.0 {
		t.Errorf("%+v", d.Capture)
	}
	if d := replay(t, "--checksums", file); d.Capture.Decode["bad_checksum"] != 1 {
		t.Errorf("%+v", d.Capture)
	}
	if d := replay(t, "--checksums", oneSession(t, nil)); d.Capture.Decode["bad_checksum"] != 0 {
		t.Errorf("%+v", d.Capture)
	}
}
