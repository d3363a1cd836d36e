package imap

import (
	"testing"

	"mailsensor/protocols"
)

func TestProbe(t *testing.T) {
	const reject, more, maybe, accept = protocols.Reject, protocols.NeedMore, protocols.Maybe, protocols.Accept
	for _, c := range []struct {
		client, server string
		want           protocols.Verdict
	}{
		{"", "* OK [CAPABILITY IMAP4rev1] ready\r\n", accept},
		{"", "* ok\r\n", accept},
		{"aaaa login x y\r\n", "* OK \r\n", accept},
		{"", "* PREAUTH hi\r\n", accept},
		{"", "* BYE busy\r\n", accept},
		{"", "* ", more},
		{"", "* OK", more},
		{"", "* OKAY\r\n", reject},
		{"", "220 mail ESMTP\r\n", reject},
		{"", "+OK pop\r\n", reject},
		{"", "200 news\r\n", reject},
		{"*3\r\n$3\r\nSET\r\n", "+OK\r\n", reject},
		{"*3\r\n$3\r\nSET\r\n", "", reject},
		{"a1 LOGIN bob pw\r\n", "", maybe},
		{"aaaa login bob pw\r\n", "", maybe},
		{". capability\r\n", "", maybe},
		{"a1 LOG", "", more},
		{"USER search\r\n", "", reject},
		{"EHLO idle\r\n", "", reject},
		{"GET / HTTP/1.1\r\n", "", reject},
		{"SET copy 1\r\n", "", reject},
		{"hello there\r\n", "", reject},
		{"\x16\x03\x01", "", reject},
	} {
		if got := probe(protocols.Probe{ToServer: []byte(c.client), ToClient: []byte(c.server)}); got != c.want {
			t.Errorf("%q %q: verdict %d, not %d", c.client, c.server, got, c.want)
		}
	}
}

func TestProbeMidstream(t *testing.T) {
	const reject, more, maybe, accept = protocols.Reject, protocols.NeedMore, protocols.Maybe, protocols.Accept
	for _, c := range []struct {
		client, server string
		want           protocols.Verdict
	}{
		{"", "text\r\n)\r\n* 4 FETCH (UID 7 FLAGS ())\r\n", accept},
		{"", "* 4 FETCH (U", more},
		{"", "* 12 EXISTS\r\n", accept},
		{"", "a list:\r\n* one\r\n* OKAY\r\n* 3 fetch sticks\r\n* 3 FETCH sticks\r\n", more},
		{"", "250 OK\r\n", more},
		{"", "HTTP/1.1 OK\r\n", more},
		{"", "abc OK FETCH completed\r\n", maybe},
		{"a4 NOOP\r\n", "", maybe},
		{"a4 NOOP\r\n", "a4 OK NOOP completed\r\n", accept},
		{"we want to copy a list\r\nto check that\r\n", "", more},
		{"USER SEARCH\r\n", "", more},
		{"\x17\x03\x03", "", reject},
		{"", "\x00\x01", reject},
	} {
		got := probe(protocols.Probe{ToServer: []byte(c.client), ToClient: []byte(c.server), Midstream: true})
		if got != c.want {
			t.Errorf("%q %q: verdict %d, not %d", c.client, c.server, got, c.want)
		}
	}
}
