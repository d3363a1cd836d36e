package forward

import (
	"bytes"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// strip takes off what stands around an address and is no part of who it names:
// brackets, a source route (RFC 5321, appendix C), the dot of the root.
func strip(raw []byte) []byte {
	raw = bytes.Trim(raw, " <>\t\r\n")
	if len(raw) > 0 && raw[0] == '@' {
		if colon := bytes.IndexByte(raw, ':'); colon >= 0 {
			raw = raw[colon+1:]
		}
	}
	return bytes.TrimRight(raw, ".")
}

// address is one in lower case, as it would be written most plainly: two ways to
// write one mailbox are one address.
func address(raw []byte) string {
	s := strings.ToLower(strings.ToValidUTF8(string(strip(raw)), "?"))
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	local, domain := s[:at], s[at+1:]
	if n := len(local); n > 2 && local[0] == '"' && local[n-1] == '"' && !strings.ContainsAny(local[1:n-1], "\" @\\\n") {
		local = local[1 : n-1]
	}
	if ascii, err := idna.Punycode.ToASCII(domain); err == nil {
		domain = ascii
	}
	return local + "@" + domain
}

// appendAddress appends address(raw). It makes no string of an ordinary one.
func appendAddress(dst, raw []byte) []byte {
	n := len(dst)
	for _, c := range strip(raw) {
		if c >= utf8.RuneSelf || c == '"' {
			return append(dst[:n], address(raw)...)
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// untagged is an address without what stands behind a plus in its local part
// (RFC 5233): the same mailbox.
func untagged(a string) string {
	at := strings.LastIndexByte(a, '@')
	if plus := strings.IndexByte(a, '+'); plus > 0 && plus < at {
		return a[:plus] + a[at:]
	}
	return a
}

// route is the address that one asks its domain to send on to, as x%far@near and
// far!x@near do, or "".
func route(a string) string {
	local, _, _ := strings.Cut(a, "@")
	if i := strings.LastIndexByte(local, '%'); i > 0 && strings.Contains(local[i:], ".") {
		return local[:i] + "@" + local[i+1:]
	}
	if host, user, ok := strings.Cut(local, "!"); ok && user != "" && strings.Contains(host, ".") {
		return user + "@" + host
	}
	return ""
}

// literal is the address that stands in brackets in place of a domain.
func literal(domain []byte) (a netip.Addr, ok bool) {
	n := len(domain)
	if n < 3 || domain[0] != '[' || domain[n-1] != ']' {
		return a, false
	}
	a, err := netip.ParseAddr(strings.TrimPrefix(strings.ToLower(string(domain[1:n-1])), "ipv6:"))
	return a, err == nil
}

// lookalike reports whether a domain is made to be taken for another: it reads the
// same, or one letter is different, left out, put in or swapped with the next.
func lookalike(domain, ours string) bool {
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
