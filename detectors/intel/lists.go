package intel

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"mailsensor/detectors/address"
)

// Kind is what sort of thing an indicator is.
type Kind string

// The kinds.
const (
	Address     Kind = "address" // or a network
	Domain      Kind = "domain"
	Email       Kind = "mail address"
	SHA256      Kind = "SHA-256"
	JA3         Kind = "JA3"
	JA4         Kind = "JA4"
	Workstation Kind = "workstation"
)

// Indicator is one entry of a list.
type Indicator struct {
	Kind       Kind
	Value      string // as it is compared: lower case
	List       string // where it stands
	Note       string
	Techniques []string
}

// maxIndicators bounds what is kept of all files together.
const maxIndicators = 4 << 20

// Lists are indicators, by what they are. They do not change once they are in use.
type Lists struct {
	Dropped uint64 // indicators beyond the bound

	addresses map[netip.Addr]Indicator
	prefixes  map[netip.Prefix]Indicator
	lengths   []int // of prefixes: bits of IPv4, and 128 and more for those of IPv6
	words     map[Kind]map[string]Indicator
	n         int
}

// Len is how many indicators there are.
func (l *Lists) Len() int { return l.n }

func (l *Lists) has(k Kind) bool { return len(l.words[k]) > 0 }

func (l *Lists) word(k Kind, w []byte) (Indicator, bool) {
	in, ok := l.words[k][string(w)]
	return in, ok
}

func (l *Lists) address(a netip.Addr) (Indicator, bool) {
	a = a.Unmap().WithZone("")
	if in, ok := l.addresses[a]; ok {
		return in, true
	}
	for _, bits := range l.lengths {
		if is6 := bits >= 128; is6 != a.Is6() {
			continue
		}
		if p, err := a.Prefix(bits % 128); err == nil {
			if in, ok := l.prefixes[p]; ok {
				return in, true
			}
		}
	}
	return Indicator{}, false
}

// add puts an indicator on the lists. What is no value of its kind is left out,
// and ok is false.
func (l *Lists) add(in Indicator) (ok bool) {
	if l.n >= maxIndicators {
		l.Dropped++
		return true
	}
	in.Value = strings.ToLower(strings.TrimSpace(in.Value))
	switch in.Kind {
	case Address:
		if a, err := netip.ParseAddr(in.Value); err == nil {
			if l.addresses == nil {
				l.addresses = map[netip.Addr]Indicator{}
			}
			l.addresses[a.Unmap()] = in
			l.n++
			return true
		}
		p, err := netip.ParsePrefix(in.Value)
		if err != nil {
			return false
		}
		l.prefix(p.Masked(), in)
		return true
	case Domain:
		in.Value = ascii(strings.Trim(strings.TrimPrefix(in.Value, "*"), "."))
		if !isDomain(in.Value) {
			return false
		}
	case Email:
		in.Value = string(address.Untagged([]byte(address.Canonical([]byte(in.Value)))))
		local, domain, found := strings.Cut(in.Value, "@")
		if !found || local == "" || !isDomain(domain) {
			return false
		}
	case SHA256:
		if len(in.Value) != 64 || !isHex(in.Value) {
			return false
		}
	case JA3:
		if len(in.Value) != 32 || !isHex(in.Value) {
			return false
		}
	case JA4:
		if !isJA4(in.Value) {
			return false
		}
	case Workstation:
		if in.Value == "" {
			return false
		}
	default:
		return false
	}
	if l.words == nil {
		l.words = map[Kind]map[string]Indicator{}
	}
	if l.words[in.Kind] == nil {
		l.words[in.Kind] = map[string]Indicator{}
	}
	l.words[in.Kind][in.Value] = in
	l.n++
	return true
}

func (l *Lists) prefix(p netip.Prefix, in Indicator) {
	if l.prefixes == nil {
		l.prefixes = map[netip.Prefix]Indicator{}
	}
	l.prefixes[p] = in
	l.n++
	bits := p.Bits()
	if p.Addr().Is6() {
		bits += 128
	}
	for _, b := range l.lengths {
		if b == bits {
			return
		}
	}
	l.lengths = append(l.lengths, bits)
}

// guess adds a value that does not say what it is. ok is false when it is nothing
// that is known.
func (l *Lists) guess(in Indicator) (ok bool) {
	v := strings.ToLower(strings.TrimSpace(in.Value))
	v = strings.NewReplacer("[.]", ".", "(.)", ".", "[@]", "@", "hxxp", "http").Replace(v) // as people write what must not be clicked
	in.Value = v
	switch {
	case strings.Contains(v, "://"):
		return l.url(in)
	case strings.Contains(v, "@"):
		in.Kind = Email
	case len(v) == 64 && isHex(v):
		in.Kind = SHA256
	case len(v) == 32 && isHex(v):
		in.Kind = JA3
	case isJA4(v):
		in.Kind = JA4
	default:
		in.Kind = Address
		if l.add(in) {
			return true
		}
		in.Kind = Domain
	}
	return l.add(in)
}

// url adds the host of a URL.
func (l *Lists) url(in Indicator) bool {
	u, err := url.Parse(in.Value)
	if err != nil || u.Hostname() == "" {
		return false
	}
	in.Value, in.Kind = u.Hostname(), Address
	if l.add(in) {
		return true
	}
	in.Kind = Domain
	return l.add(in)
}

// ascii is a domain as the DNS has it: letters beyond ASCII in their encoding (RFC
// 5890), or the domain itself where it is none.
func ascii(domain string) string {
	if a, err := idna.Punycode.ToASCII(domain); err == nil {
		return a
	}
	return domain
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}

// isDomain reports whether s is a name with at least one dot (RFC 1035, section
// 2.3.1, with the underscore and the letters beyond ASCII that are in use).
func isDomain(s string) bool {
	return len(s) <= 253 && strings.Contains(s, ".") && !strings.ContainsAny(s, " \t/@:,;\"'<>()[]{}") && !strings.Contains(s, "..")
}

// isJA4 reports whether s has the form of a JA4: t13d1516h2_8daaf6152771_e5627efa2ab1.
func isJA4(s string) bool {
	a, rest, ok := strings.Cut(s, "_")
	b, c, ok2 := strings.Cut(rest, "_")
	return ok && ok2 && len(a) == 10 && len(b) == 12 && len(c) == 12 && isHex(b) && isHex(c) && strings.ContainsAny(a[:1], "tqd")
}
