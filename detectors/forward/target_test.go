package forward

import "testing"

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
