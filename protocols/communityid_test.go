package protocols

import (
	"net/netip"
	"testing"

	"mailsensor/capture"
)

// The TCP examples that the specification and its reference implementation publish.
func TestCommunityID(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25", "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{"[::ffff:128.232.110.120]:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	} {
		a, b := netip.MustParseAddrPort(tt.a), netip.MustParseAddrPort(tt.b)
		for _, c := range []capture.Conn{{Client: a, Server: b}, {Client: b, Server: a}} {
			if got := string(AppendCommunityID(nil, c)); got != tt.want {
				t.Errorf("%v to %v: %s, want %s", c.Client, c.Server, got, tt.want)
			}
		}
	}
}

func TestCommunityIDOrdersPortsOfOneHost(t *testing.T) {
	a, b := netip.MustParseAddrPort("127.0.0.1:2525"), netip.MustParseAddrPort("127.0.0.1:40000")
	one := string(AppendCommunityID(nil, capture.Conn{Client: a, Server: b}))
	two := string(AppendCommunityID(nil, capture.Conn{Client: b, Server: a}))
	if one != two {
		t.Errorf("%s in one direction, %s in the other", one, two)
	}
}
