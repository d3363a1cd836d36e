// Package address reads mail addresses (RFC 5321, section 4.1.2) as the detectors
// compare them: in whatever of the many ways one is written, it names one mailbox.
package address

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

// Canonical is an address in lower case, as it would be written most plainly: two
// ways to write one mailbox are one address.
func Canonical(raw []byte) string {
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

// Append appends Canonical(raw). It makes no string of an ordinary one.
func Append(dst, raw []byte) []byte {
	n := len(dst)
	for _, c := range strip(raw) {
		if c >= utf8.RuneSelf || c == '"' {
			return append(dst[:n], Canonical(raw)...)
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// Untagged is an address without what stands behind a plus in its local part
// (RFC 5233): the same mailbox. It may be a itself.
func Untagged(a []byte) []byte {
	at := bytes.LastIndexByte(a, '@')
	if plus := bytes.IndexByte(a, '+'); plus > 0 && plus < at {
		return append(bytes.Clone(a[:plus]), a[at:]...)
	}
	return a
}

// Route is the address that one asks its domain to send on to, as x%far@near and
// far!x@near do, or "".
func Route[T ~string | ~[]byte](a T) string {
	at := 0
	for at < len(a) && a[at] != '@' {
		at++
	}
	local := a[:at]
	if i := last(local, '%'); i > 0 && last(local[i:], '.') >= 0 {
		return string(local[:i]) + "@" + string(local[i+1:])
	}
	if host, user, ok := strings.Cut(string(local), "!"); ok && user != "" && strings.Contains(host, ".") {
		return user + "@" + host
	}
	return ""
}

func last[T ~string | ~[]byte](a T, c byte) int {
	i := len(a) - 1
	for i >= 0 && a[i] != c {
		i--
	}
	return i
}

// DomainOf is what stands behind the last at sign, or the whole.
func DomainOf[T ~string | ~[]byte](a T) T { return a[last(a, '@')+1:] }

// Literal is the address that stands in brackets in place of a domain.
func Literal(domain []byte) (a netip.Addr, ok bool) {
	n := len(domain)
	if n < 3 || domain[0] != '[' || domain[n-1] != ']' {
		return a, false
	}
	a, err := netip.ParseAddr(strings.TrimPrefix(strings.ToLower(string(domain[1:n-1])), "ipv6:"))
	return a, err == nil
}
