package address

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
		if got := Canonical([]byte(raw)); got != want {
			t.Errorf("%q: %q", raw, got)
		}
		if got := string(Append(nil, []byte(raw))); got != want {
			t.Errorf("%q appended: %q", raw, got)
		}
	}
}

func TestLookalike(t *testing.T) {
	for domain, want := range map[string]bool{
		"c0rp.example": true, "c\u043erp.example": true, Canonical([]byte("x@c\u043erp.example"))[2:]: true, "corq.example": true, "copr.example": true, "crp.example": true, "corpp.example": true,
		"corp.example": false, "mail.corp.example": false, "partner.test": false, "gmail.com": false, "corpse.example": false,
	} {
		if got := Lookalike(domain, "corp.example"); got != want {
			t.Errorf("%s (%s): %v", domain, skeleton(domain), got)
		}
	}
}

func TestParts(t *testing.T) {
	for a, want := range map[string][3]string{ // without tag, where it is sent on to, domain
		"ann+x@corp.example":           {"ann@corp.example", "", "corp.example"},
		"+ann@corp.example":            {"+ann@corp.example", "", "corp.example"},
		"ann@b+c.example":              {"ann@b+c.example", "", "b+c.example"},
		"x%far.example@near.example":   {"x%far.example@near.example", "x@far.example", "near.example"},
		"x%y%far.example@near.example": {"x%y%far.example@near.example", "x%y@far.example", "near.example"},
		"x%far@near.example":           {"x%far@near.example", "", "near.example"},
		"far.example!x@near.example":   {"far.example!x@near.example", "x@far.example", "near.example"},
		"ann":                          {"ann", "", "ann"},
		"":                             {"", "", ""},
	} {
		if got := [3]string{string(Untagged([]byte(a))), Route(a), DomainOf(a)}; got != want {
			t.Errorf("%q: %q, want %q", a, got, want)
		}
		if got := [2]string{Route([]byte(a)), string(DomainOf([]byte(a)))}; got != [2]string{want[1], want[2]} {
			t.Errorf("%q as octets: %q", a, got)
		}
	}
	a := []byte("ann+tag@corp.example")
	if Untagged(a); string(a) != "ann+tag@corp.example" {
		t.Errorf("changed to %q", a)
	}
	if n := testing.AllocsPerRun(10, func() { Route(a[:0]); DomainOf(a); Untagged(a[:3]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
