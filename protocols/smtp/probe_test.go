package smtp

import (
	"strings"
	"testing"

	"mailsensor/protocols"
)

func TestProbe(t *testing.T) {
	const (
		reject, more, maybe, accept = protocols.Reject, protocols.NeedMore, protocols.Maybe, protocols.Accept
	)
	tests := []struct {
		client, server string
		midstream      bool
		want           protocols.Verdict
	}{
		{"", "220 mx.b.example ESMTP Postfix\r\n", false, accept},
		{"", "220-mx.b.example esmtp\r\n", false, accept},
		{"", "220 store LMTP\r\n", false, accept},
		{"", "220 mx.b.example\r\n", false, maybe},
		{"", "22", false, more},
		{"", "554 mx.b.example ESMTP not accepting\r\n", false, accept},
		{"EHLO c\r\n", "220 mx\r\n", false, accept},
		{"EHLO c\r\n", "", false, accept},
		{"helo c\r\n", "", false, accept},
		{"LHLO c\r\n", "220 x\r\n", false, accept},
		{"MAIL FROM:<a@b>\r\n", "220 x\r\n", false, accept},
		{"STARTTLS\r\n", "220 x\r\n", false, accept},
		{"AUTH PLAIN\r\n", "220 x\r\n", false, accept},
		{"QUIT\r\n", "220 mx\r\n", false, maybe},
		{"QUIT\r\n", "220 mx SMTP\r\n", false, accept},
		{"QUI", "", false, more},
		// look-alikes
		{"USER ann\r\n", "220 ProFTPD ready\r\n", false, reject},
		{"AUTH TLS\r\n", "220 FTP server ready\r\n", false, reject},
		{"FEAT\r\n", "220 ready\r\n", false, reject},
		{"", "220 ready\r\n331 Password required\r\n", false, reject},
		{"", "+OK POP3 ready\r\n", false, reject},
		{"", "* OK IMAP ready\r\n", false, reject},
		{"", "200 news.example InterNetNews\r\n", false, reject},
		{"a1 LOGIN ann x\r\n", "", false, reject},
		{"GET / HTTP/1.1\r\n", "", false, reject},
		{"*1\r\n$4\r\nPING\r\n", "", false, reject},
		{"AUTH secret\r\n", "", false, reject},
		{"", "SSH-2.0-x\r\n", false, reject},
		{"\x16\x03\x01\x00\x05" + strings.Repeat("x", 60), "", false, reject},
		// anywhere
		{"ext\r\nRCPT TO:<a@b>\r\n", "", true, accept},
		{"mail from:<a@b> SIZE=1\r\n", "", true, accept},
		{"", "k\r\n354 go\r\n", true, accept},
		{"", "250 2.1.0 Ok\r\n", true, accept},
		{"", "250-PIPELINING\r\n", true, accept},
		{"", "250 2.0.0 Ok: queued as 1\r\n", true, accept},
		{"", "250 CWD command successful\r\n", true, more},
		{"some text\r\n", "", true, more},
		{"RETR 1\r\n", "+OK\r\n", true, more},
		{"AUTH CRAM-MD5\r\nAUTH PLAIN\r\n", "-ERR no\r\n+ \r\n", true, more}, // POP3
		{"AUTH CRAM-MD5\r\n", "334 PDFAYj4=\r\n235 2.7.0 ok\r\n", true, accept},
		{"", "235 2.7.0 Authentication successful\r\n", true, accept},
		{"", "535 5.7.8 Error: authentication failed\r\n", true, accept},
		{"", "535 Sorry\r\n", true, more},
	}
	for _, tt := range tests {
		p := protocols.Probe{ToServer: []byte(tt.client), ToClient: []byte(tt.server), Midstream: tt.midstream}
		if got := probe(p); got != tt.want {
			t.Errorf("client %q server %q midstream %v: %d, want %d", tt.client, tt.server, tt.midstream, got, tt.want)
		}
	}
}

// Whatever is cut off a connection that is accepted in the end must not reject
// it before.
func TestProbeGrows(t *testing.T) {
	for _, client := range []string{"EHLO c\r\n", "\r\nEHLO c\r\n"} {
		const server = "220 mx.b.example\r\n"
		for i := range client {
			for j := range server {
				if probe(protocols.Probe{ToServer: []byte(client[:i]), ToClient: []byte(server[:j])}) == protocols.Reject {
					t.Errorf("%q %q is rejected", client[:i], server[:j])
				}
			}
		}
	}
}

func TestProbeLMTP(t *testing.T) {
	for _, tt := range []struct {
		client, server string
		want           protocols.Verdict
	}{
		{"", "220 store LMTP\r\n", protocols.Accept},
		{"LHLO c\r\n", "220 store ready.\r\n", protocols.Accept},
		{"LHLO c\r\n", "", protocols.Accept},
		{"", "220 store ready.\r\n", protocols.NeedMore},
		{"EHLO c\r\n", "220 mx ready.\r\n", protocols.Reject},
		{"", "* OK IMAP ready\r\n", protocols.Reject},
	} {
		if got := probeLMTP(protocols.Probe{ToServer: []byte(tt.client), ToClient: []byte(tt.server)}); got != tt.want {
			t.Errorf("%q %q: %v, want %v", tt.client, tt.server, got, tt.want)
		}
	}
}
