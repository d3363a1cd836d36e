package detectors

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxText is how many letters of a name from the network a line has room for.
const maxText = 64

// Text makes a name from the network fit for a line that a person reads: valid UTF-8,
// without control and formatting characters, and not too long.
func Text[T ~string | ~[]byte](name T) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(strings.TrimSpace(string(name[:min(len(name), 8*maxText)])), "?"))
	if utf8.RuneCountInString(s) > maxText {
		s = string([]rune(s)[:maxText-1]) + "…"
	}
	return s
}

// Window renders a length of time for a person.
func Window(w time.Duration) string {
	if w%time.Hour == 0 {
		return fmt.Sprintf("%d h", w/time.Hour)
	}
	return fmt.Sprintf("%d min", w/time.Minute)
}

// ProtocolName is how a person knows a protocol of the sensor.
func ProtocolName(protocol string) string {
	if protocol == "sieve" {
		return "ManageSieve"
	}
	return strings.ToUpper(protocol)
}
