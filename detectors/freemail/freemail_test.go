package freemail

import "testing"

func TestDomain(t *testing.T) {
	for d, want := range map[string]bool{
		"gmail.com": true, "yahoo.co.uk": true, "gmx.net": true, "outlook.de": true, "hotmail.com": true,
		"corp.example": false, "yahoo": false, "live.corp.example.org": false, "notgmail.com": false, "": false,
	} {
		if got := Domain([]byte(d)); got != want {
			t.Errorf("%q: %v", d, got)
		}
	}
}

func TestAddress(t *testing.T) {
	for a, want := range map[string]bool{"ann@gmail.com": true, `"a@b"@gmx.net`: true, "ann@corp.example": false, "gmail.com": true, "": false} {
		if Address(a) != want || Address([]byte(a)) != want {
			t.Errorf("%q: %v", a, !want)
		}
	}
}

func TestOwn(t *testing.T) {
	for _, tt := range []struct {
		account, address string
		want             bool
	}{
		{"ann.miller@corp.example", "annmiller77@gmail.com", true},
		{"ann.miller@corp.example", "the.ann.miller@partner.example", true},
		{"ann.miller@corp.example", "miller@gmail.com", true},
		{"ann.miller@corp.example", "bob@gmail.com", false},
		{"ann.miller@corp.example", "miller.ann.77@gmail.com", true},
		{"ann.miller@corp.example", "amiller@gmail.com", true},
		{"ann.miller@corp.example", "miller_a@gmail.com", true},
		{"ann.miller@corp.example", "bob.amill@gmail.com", false},
		{"ann.miller@corp.example", "bmillerson@gmail.com", false},
		{"a.miller@corp.example", "joanne@gmail.com", false},
		{"info@corp.example", "bob@gmail.com", false},
		{"al@corp.example", "alfred@gmail.com", false},
		{"ann.miller@corp.example", "ann@gmail.com", false},
	} {
		if Own(tt.account, tt.address) != tt.want || Own(tt.account, []byte(tt.address)) != tt.want {
			t.Errorf("%s, %s: %v", tt.account, tt.address, !tt.want)
		}
	}
}
