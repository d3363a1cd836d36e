package sieve

import (
	"testing"

	"mailsensor/protocols"
)

func TestProbe(t *testing.T) {
	const greeting = "\"IMPLEMENTATION\" \"x\"\r\n\"SIEVE\" \"fileinto\"\r\nOK\r\n"
	for _, tt := range []struct {
		name, client, server string
		midstream            bool
		want                 protocols.Verdict
	}{
		{"greeting", "", greeting, false, protocols.Accept},
		{"greeting in other case and order", "", "\"SASL\" \"\"\n", false, protocols.Accept},
		{"beginning of a greeting", "", greeting[:10], false, protocols.NeedMore},
		{"refusal", "", "BYE \"no\"\r\n", false, protocols.Maybe},
		{"beginning of a refusal", "", "BY", false, protocols.NeedMore},
		{"client only", "AUTHENTICATE \"PLAIN\" {40+}\r\n", "", false, protocols.Accept},
		{"client only, not sure", "CAPABILITY\r\n", "", false, protocols.NeedMore},
		{"nothing", "", "", false, protocols.NeedMore},
		{"IMAP", "a AUTHENTICATE \"PLAIN\"\r\n", "* OK ready\r\n", false, protocols.Reject},
		{"IMAP that quotes", "", "* OK\r\n" + greeting, false, protocols.Reject},
		{"SMTP", "", "220 mx ESMTP\r\n", false, protocols.Reject},
		{"POP3", "", "+OK\r\n", false, protocols.Reject},
		{"HTTP", "GET / HTTP/1.1\r\n", "", false, protocols.Reject},
		{"TLS", "\x16\x03\x01", "", false, protocols.NeedMore},
		{"binary", string(make([]byte, 100)), "", false, protocols.Reject},
		{"JSON", "", "{\"a\": 1}", false, protocols.NeedMore},
		{"midstream command", "x y\r\nSETACTIVE \"a\"\r\n", "", true, protocols.Accept},
		{"midstream list", "", "\"a\"\r\n\"b\" ACTIVE\r\n", true, protocols.Accept},
		{"midstream text", "if true {\r\n  redirect \"x\";\r\n", "OK\r\n", true, protocols.NeedMore},
		{"midstream words", "PUTSCRIPT is a command, SETACTIVE too\r\n", "", true, protocols.NeedMore},
	} {
		if got := probe(protocols.Probe{ToServer: []byte(tt.client), ToClient: []byte(tt.server), Midstream: tt.midstream}); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
