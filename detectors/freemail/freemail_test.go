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
