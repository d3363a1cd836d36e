package remote

import (
	"strings"
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		name, dialogue string
		port           uint16
		want           string
	}{
		{"ssh", "S: SSH-2.0-OpenSSH_9.6\nC: SSH-2.0-PuTTY_Release_0.78\nS> \\x00\\x00\\x03", 22, `Remote=ssh Service="SSH-2.0-OpenSSH_9.6"`},
		{"ssh, client first, on another port", "C: SSH-2.0-paramiko_3.4\nS: SSH-2.0-dropbear", 443, `Remote=ssh Service="SSH-2.0-dropbear"`},
		{"ssh, client alone", "C: SSH-2.0-paramiko_3.4", 22, `Remote=ssh`},
		{"vnc", "S> RFB 003.008\\n\nC> RFB 003.008\\n", 5900, `Remote=vnc Service="RFB 003.008"`},
		{"rdp with a cookie", "C> \\x03\\x00\\x00\\x29\\x24\\xe0\\x00\\x00\\x00\\x00\\x00Cookie: mstshash=ann\\r\\n\\x01\\x00\\x08\\x00\\x03\\x00\\x00\\x00\nS> \\x03\\x00\\x00\\x13\\x0e\\xd0\\x00\\x00\\x12\\x34\\x00\\x02\\x1f\\x08\\x00\\x02\\x00\\x00\\x00", 3389, `Remote=rdp Service="ann"`},
		{"rdp without", "C> \\x03\\x00\\x00\\x13\\x0e\\xe0\\x00\\x00\\x00\\x00\\x00\\x01\\x00\\x08\\x00\\x03\\x00\\x00\\x00\nS> \\x03\\x00\\x00\\x13\\x0e\\xd0\\x00\\x00\\x12\\x34\\x00\\x02\\x1f\\x08\\x00\\x02\\x00\\x00\\x00", 9999, `Remote=rdp`},
		{"teamviewer", "C> \\x17\\x24\\x0a\\x20\\x00\nS> \\x17\\x24\\x0b\\x20\\x00", 5938, `Remote=teamviewer`},
		{"telnet", "S> \\xff\\xfd\\x18\\xff\\xfd\\x20\\xff\\xfd\\x23\nC> \\xff\\xfb\\x18", 23, `Remote=telnet`},
		{"S7 over TPKT is none", "C> \\x03\\x00\\x00\\x16\\x11\\xe0\\x00\\x00\\x00\\x01\\x00\\xc1\\x02\\x01\\x00\\xc2\\x02\\x01\\x02\\xc0\\x01\\x09", 102, ""},
		{"SMTP is none", "S: 220 mx ESMTP\nC: EHLO x", 22, ""},
		{"HTTP is none", "C: GET / HTTP/1.1\nS: HTTP/1.1 200 OK", 5900, ""},
	} {
		turns := protocoltest.Parse(t, c.dialogue)
		got := protocoltest.Run(Protocols(), protocoltest.Conn(c.port), turns)
		end := got[len(got)-1]
		if c.want == "" {
			if strings.Contains(end, "Remote") {
				t.Errorf("%s: %s", c.name, end)
			}
			continue
		}
		if !strings.HasSuffix(end, " "+c.want) {
			t.Errorf("%s: %s, want %s", c.name, end, c.want)
		}
		protocoltest.CutEverywhere(t, Protocols(), protocoltest.Conn(c.port), turns, 1000)
	}
}

// FuzzRemote holds that nothing makes it panic, and that a long banner is not waited
// for.
func FuzzRemote(f *testing.F) {
	f.Add([]byte("SSH-2.0-x\r\n"), []byte("SSH-2.0-y\r\n"))
	f.Add([]byte("\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00"), []byte("\x03"))
	f.Add([]byte("\xff\xfb\x18"), []byte("\xff\xfd\x18\xff\xfd\x20"))
	f.Fuzz(func(t *testing.T, toServer, toClient []byte) {
		turns := []protocoltest.Turn{{Dir: 1, Text: toClient}, {Dir: 0, Text: toServer}}
		got := protocoltest.Run(Protocols(), protocoltest.Conn(22), turns)
		if len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "connection") {
			t.Fatalf("events %q", got)
		}
		for _, p := range Protocols() {
			if v := p.Probe(protocols.Probe{ToServer: toServer, ToClient: toClient, Midstream: true}); v != protocols.Reject {
				t.Fatalf("%s takes a connection from its middle", p.Name)
			}
		}
	})
}
