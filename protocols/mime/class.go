package mime

// class is a set of properties of an octet: which scans it ends.
type class uint8

const (
	endsName      class = 1 << iota // of a header field
	endsWord                        // of a structured field
	endsAtom                        // of an address, which may have dots, at signs and domain literals
	endsAngle                       // a piece of an address in angle brackets that is to be taken as it is
	endsParam                       // a piece of a parameter without quotes and comments
	endsAuthority                   // of a URL
	endsHost                        // of a URL without user information: where its port or what is no URL begins
)

// classes holds the class of every octet, as one look is less than the several
// comparisons of a switch.
var classes = makeClasses()

func makeClasses() (t [256]class) {
	for c := range t {
		if c <= ' ' || c >= 0x7f || c == ':' {
			t[c] |= endsName
		}
		if c <= ' ' || c == 0x7f {
			t[c] |= endsAuthority
		}
		if c < 0x80 && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_' {
			t[c] |= endsHost
		}
	}
	for _, e := range [...]struct {
		octets string
		class  class
	}{
		{" \t\r\n(;", endsWord},
		{" \t\r\n(;,<\":[", endsAtom},
		{" \t\r\n(,>\":", endsAngle},
		{"(;=\"", endsParam},
		{"/\\?#\"'<>`{}|^", endsAuthority},
	} {
		for i := range len(e.octets) {
			t[e.octets[i]] |= e.class
		}
	}
	return t
}

// until is how many octets of b come before one of the class.
func until(b []byte, ends class) int {
	for i, c := range b {
		if classes[c]&ends != 0 {
			return i
		}
	}
	return len(b)
}
