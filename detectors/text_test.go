package detectors

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for name, want := range map[string]string{
		"Thunderbird": "Thunderbird", " a\x1b[31m\r\nb\x7f\u0085 ": "a[31mb", "a\u202egpj.exe\u2028": "agpj.exe", "\xff\xfe": "?", "größe": "größe", "": "",
		strings.Repeat("ä", 65): strings.Repeat("ä", 63) + "…", strings.Repeat("b", 64): strings.Repeat("b", 64),
	} {
		if got := Text(name); got != want || Text([]byte(name)) != want {
			t.Errorf("%q: %q", name, got)
		}
	}
	if got := Text(strings.Repeat("€", 1000)); !utf8.ValidString(got) || utf8.RuneCountInString(got) != 64 {
		t.Errorf("%q", got)
	}
}

func TestWindow(t *testing.T) {
	for d, want := range map[time.Duration]string{10 * time.Minute: "10 min", 24 * time.Hour: "24 h", 90 * time.Minute: "90 min"} {
		if got := Window(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
}
