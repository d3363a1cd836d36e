package metrics

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"mailsensor/capture/live"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/protocols"
)

// Buckets add up, a bound belongs to its bucket, and labels do not mix.
func TestHistogram(t *testing.T) {
	r := New("")
	h := r.NewHistogram("wait_seconds", []float64{.5, 1}, "protocol", "smtp", "lmtp")
	for _, ns := range []int64{-5, 500_000_000, 500_000_001, 3_000_000_000} {
		h.Observe(ns, "smtp")
	}
	h.Observe(1, "imap")
	want := `# TYPE mailsensor_wait_seconds histogram
mailsensor_wait_seconds_bucket{protocol="smtp",le="0.5"} 2
mailsensor_wait_seconds_bucket{protocol="smtp",le="1"} 3
mailsensor_wait_seconds_bucket{protocol="smtp",le="+Inf"} 4
mailsensor_wait_seconds_sum{protocol="smtp"} 4.000000001
mailsensor_wait_seconds_count{protocol="smtp"} 4
mailsensor_wait_seconds_bucket{protocol="lmtp",le="0.5"} 0
`
	if out := text(r); !strings.Contains(out, want) {
		t.Error(out[:strings.Index(out, "go_")])
	}
	if n := testing.AllocsPerRun(100, func() { h.Observe(1, "smtp") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Each family has HELP and TYPE once, before its series, which stand together.
func TestFamilies(t *testing.T) {
	r := New("v")
	r.NewMail(border(), 2)
	r.Capture(func() live.Stats {
		return live.Stats{Interfaces: []live.InterfaceStats{{Name: "a"}, {Name: "b"}}}
	})
	r.Pipeline(func() pipeline.Result { return pipeline.Result{} })
	seen, family, kind := map[string]bool{}, "", ""
	suffix := regexp.MustCompile(`_(bucket|sum|count)$`)
	for line := range strings.Lines(text(r)) {
		f := strings.Fields(line)
		switch {
		case f[0] == "#" && f[1] == "HELP":
			if seen[f[2]] {
				t.Errorf("%s comes twice", f[2])
			}
			if strings.Contains(line, "docs/metrics.md") {
				t.Errorf("%s has no help", f[2])
			}
			family = f[2]
			seen[family] = true
		case f[0] == "#":
			if kind = f[3]; f[2] != family {
				t.Errorf("TYPE of %s behind HELP of %s", f[2], family)
			}
		default:
			name, _, _ := strings.Cut(f[0], "{")
			if kind == "histogram" {
				name = suffix.ReplaceAllString(name, "")
			}
			if name != family && kind != "summary" ||
				strings.HasPrefix(name, prefix) && (kind == "counter") != strings.HasSuffix(name, "_total") {
				t.Errorf("%q in the family %s", line, family)
			}
		}
	}
}

// Which way a message goes.
func TestDirection(t *testing.T) {
	const ours, theirs = "10.0.0.7:1", "198.51.100.9:1"
	for _, c := range []struct {
		client, server, account, to, want string
	}{
		{ours, theirs, "", "x@evil.example", "outbound"},
		{ours, ours, "ann", "bob@corp.example", "internal"},
		{ours, ours, "", "bob@corp.example", "internal"},
		{theirs, ours, "", "bob@corp.example", "inbound"},
		{theirs, ours, "ann", "bob@corp.example", "internal"},
		{theirs, ours, "ann", "x@evil.example", "outbound"},
		{theirs, ours, "", "", "inbound"},
		{ours, theirs, "", "", "outbound"},
		{ours, ours, "", "", "unknown"},
		{theirs, theirs, "", "", "unknown"},
	} {
		b := border()
		m := New("").NewMail(b, 1)
		e := &protocols.Message{Head: head("smtp", "10.0.0.7", c.account), Outcome: protocols.Accepted}
		e.Conn.Client, e.Conn.Server = netip.MustParseAddrPort(c.client), netip.MustParseAddrPort(c.server)
		if c.to != "" {
			e.Recipients = []protocols.Recipient{{Address: []byte(c.to), Outcome: protocols.Accepted}}
		}
		in, out := b.Recipients(e)
		if got := m.direction(e, in, out); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
