package all

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// Whatever the port, a connection is the protocol's whose words are said, and nobody
// takes a look-alike for mail.
func TestWhoTakesIt(t *testing.T) {
	for _, c := range []struct{ want, dialogue string }{
		{"smtp", "S: 220 mx.example ESMTP\nC: EHLO a\nS: 250 mx.example\nC: MAIL FROM:<a@b>\nS: 250 ok\n"},
		{"lmtp", "S: 220 mx.example LMTP\nC: LHLO a\nS: 250 mx.example\n"},
		{"imap", "S: * OK IMAP4rev1\nC: aaaa login a b\nS: aaaa OK\n"},
		{"pop3", "S: +OK ready\nC: USER ann\nS: +OK\nC: PASS x\nS: +OK\n"},
		{"sieve", "S: \"IMPLEMENTATION\" \"x\"\nS: \"SIEVE\" \"fileinto\"\nS: OK\nC: LOGOUT\nS: OK\n"},
		{"http", "C: GET / HTTP/1.1\nC: Host: a\nC: \nS: HTTP/1.1 200 OK\nS: Content-Length: 0\nS: \n"},
		{"ssh", "S: SSH-2.0-OpenSSH_9.6\nC: SSH-2.0-PuTTY\n"},
		// Look-alikes: FTP, NNTP, Redis, memcached, rsync.
		{"unknown", "S: 220 ftp.example FTP server ready.\nC: USER ann\nS: 331 Password required\nC: PASS x\nS: 230 Logged in\nC: RETR a\nS: 150 Opening\n"},
		{"unknown", "S: 200 news.example InterNetNews ready\nC: GROUP a.b\nS: 211 1 1 1 a.b\nC: ARTICLE 1\nS: 220 1 <x@y>\n"},
		{"unknown", "C: AUTH x\nS: +OK\nC: GET a\nS: $1\nS: b\n"},
		{"unknown", "C> *2\\r\\n$4\\r\\nAUTH\\r\\n$1\\r\\nx\\r\\n\nS: +OK\nC> *1\\r\\n$4\\r\\nPING\\r\\n\nS: +PONG\n"},
		{"unknown", "C: get a\nS: END\n"},
		{"unknown", "S: @RSYNCD: 31.0\nC: @RSYNCD: 31.0\n"},
	} {
		for _, port := range []uint16{21, 25, 110, 119, 143, 2000, 6379, 8080} {
			if got := protocolOf(c.dialogue, port, t); got != c.want {
				t.Errorf("port %d, %s: %q", port, got, c.dialogue)
			}
		}
	}
}

func protocolOf(dialogue string, port uint16, t *testing.T) string {
	var last protocols.Event
	for _, ev := range protocoltest.Play(Protocols(Config{}), protocoltest.Conn(port), protocoltest.Parse(t, dialogue)) {
		last = ev
	}
	return last.Header().Protocol
}

// What comes in a tunnel is read afresh, whatever the tunnel lies in.
func TestGolden(t *testing.T) { protocoltest.Golden(t, Protocols(Config{}), 80, 6) }

// Names are those of the output, each once.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Protocols(Config{}) {
		if seen[p.Name] || p.Name == "" || p.New == nil || p.Probe == nil {
			t.Errorf("%+v", p)
		}
		seen[p.Name] = true
	}
}
