package forward

import "testing"

func TestAddress(t *testing.T) {
	for raw, want := range map[string]string{
		"<X@Evil.Example>":                 "x@evil.example",
		"@relay.example,@b:x@evil.example": "x@evil.example",
		"x@evil.example.":                  "x@evil.example",
		`"x"@evil.example`:                 "x@evil.example",
		`"x y"@evil.example`:               `"x y"@evil.example`,
		`"x@corp.example"@evil.example`:    `"x@corp.example"@evil.example`,
		"x@b\u00fccher.example":            "x@xn--bcher-kva.example",
		"x@[203.0.113.9]":                  "x@[203.0.113.9]",
		"postmaster":                       "postmaster",
		"":                                 "",
		"@":                                "@",
		"\xff@evil.example":                "?@evil.example",
	} {
		if got := address([]byte(raw)); got != want {
			t.Errorf("%q: %q", raw, got)
		}
		if got := string(appendAddress(nil, []byte(raw))); got != want {
			t.Errorf("%q appended: %q", raw, got)
		}
	}
}

func TestOutside(t *testing.T) {
	d := detector()
	for to, want := range map[string]bool{
		"x@corp.example": false, "x@mail.corp.example": false, "x@[10.20.1.25]": false, "ann": false,
		"x%lists@corp.example": false, "x!y@corp.example": false, `"x@corp.example"@evil.example`: true,
		"x@evil.example": true, "x@[203.0.113.9]": true, "x@[IPv6:2001:db8::1]": true,
		"x%evil.example@corp.example": true, "evil.example!x@corp.example": true,
		"x@corp.example.evil.example": true, "x@notcorp.example": true,
	} {
		if got := d.outside("ann@corp.example", to); got != want {
			t.Errorf("%s: %v", to, got)
		}
	}
}

func TestLookalike(t *testing.T) {
	for domain, want := range map[string]bool{
		"c0rp.example": true, "c\u043erp.example": true, address([]byte("x@c\u043erp.example"))[2:]: true, "corq.example": true, "copr.example": true, "crp.example": true, "corpp.example": true,
		"corp.example": false, "mail.corp.example": false, "partner.test": false, "gmail.com": false, "corpse.example": false,
	} {
		if got := lookalike(domain, "corp.example"); got != want {
			t.Errorf("%s (%s): %v", domain, skeleton(domain), got)
		}
	}
}
