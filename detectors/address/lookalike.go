package address

import (
	"strings"

	"golang.org/x/net/idna"
)

// Lookalike reports whether a domain is made to be taken for another: it reads the
// same, or one letter is different, left out, put in or swapped with the next.
func Lookalike(domain, ours string) bool {
	if domain == ours || len(ours) < 5 || strings.HasSuffix(domain, "."+ours) {
		return false
	}
	a, b := skeleton(domain), skeleton(ours)
	return a == b || len(ours) >= 8 && near(a, b)
}

// skeleton writes letters that look alike as one (a few of Unicode TR 39).
func skeleton(domain string) string {
	if u, err := idna.Punycode.ToUnicode(domain); err == nil {
		domain = u
	}
	return looks.Replace(domain)
}

var looks = strings.NewReplacer("0", "o", "1", "l", "i", "l", "rn", "m", "vv", "w",
	"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "у", "y", "х", "x", "і", "l", "ј", "j", "ѕ", "s", "ı", "l",
	"α", "a", "ο", "o", "ρ", "p", "ν", "v")

// near reports whether one edit makes b of a.
func near(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 0:
		return i == len(a) || a[i+1:] == b[i+1:] ||
			i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	case 1:
		return a[i:] == b[i+1:]
	}
	return false
}
