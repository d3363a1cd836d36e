package report

import (
	"math"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
)

func TestSize(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 KiB", 1024: "1.0 KiB", 1536: "1.5 KiB", 1023840: "999.8 KiB", 1023999: "1.0 MiB",
		1 << 20: "1.0 MiB", 5 << 40: "5.0 TiB", math.MaxUint64: "16.0 EiB",
	} {
		if got := size(n); got != want {
			t.Errorf("size(%d) is %q, want %q", n, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[uint64][2]string{
		0: {"0", "0"}, 999: {"999", "999"}, 1000: {"1,000", "1,000"}, 999999: {"999,999", "999,999"},
		1234567: {"1,234,567", "1.23 M"}, 999499999: {"999,499,999", "999 M"}, 999600000: {"999,600,000", "1 G"},
		math.MaxUint64: {"18,446,744,073,709,551,615", "18.4 E"},
	} {
		if got := [2]string{number(n), short(n)}; got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		part, whole uint64
		want        string
	}{
		{0, 0, "0 %"}, {0, 5, "0 %"}, {5, 5, "100 %"}, {1, 3, "33.3 %"}, {1, 1e6, "<0.1 %"}, {999999, 1e6, ">99.9 %"},
	} {
		if got := percent(c.part, c.whole); got != c.want {
			t.Errorf("%d of %d is %q, want %q", c.part, c.whole, got, c.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 12345 * time.Microsecond: "12ms", 1500 * time.Millisecond: "1.5s", 61 * time.Second: "1m01s",
		3*time.Hour + 62*time.Second: "3h01m", 49 * time.Hour: "2d1h",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestInterval(t *testing.T) {
	from := time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)
	if got, want := interval(from, from.Add(time.Minute)), "2026-03-01 23:00:00 to 23:01:00 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := interval(from, from.Add(time.Hour)), "2026-03-01 23:00:00 to 2026-03-02 00:00:00 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		name string
		room int
		want string
	}{
		{"ann@corp.example", 16, "ann@corp.example"},
		{"anna@corp.example", 16, "anna\n@corp.example"},
		{"2001:db8:1:2:3:4:5:6", 16, "2001:db8:1:2:3:\n4:5:6"},
		{"abcdefghijklmnopqrst", 16, "abcdefghijklmnop\nqrst"},
		{"abcdefghijklmnopqrstuvwxyzabcdefghijk", 16, "abcdefghijklmnop\nqrstuvwxyzabcde…"},
		{"a\nb", 16, "a\ufffdb"},
	} {
		if got := fold(c.name, c.room); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.name, c.room, got, c.want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	f.Add("plain", 16)
	f.Add("\x1b[31mx\u202e\xff生", 3)
	f.Fuzz(func(t *testing.T, s string, room int) {
		if room < 1 || room > 200 {
			t.Skip()
		}
		got := safe(s, room)
		if w := text.StringWidth(got); w > room {
			t.Errorf("%q is %d wide, not %d", got, w, room)
		}
		fits(t, s, safe(s, width))
	})
}
