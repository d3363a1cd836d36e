// Package report prints the summary for a person, within 80 columns. Strings
// that came from the network are made harmless first.
package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mailsensor/detectors/summary"
)

// Options say how to print.
type Options struct {
	Top      int            // rows of each table; 0: all
	Location *time.Location // for times
}

// Write prints doc to w.
func Write(w io.Writer, doc *summary.Document, opt Options) error {
	p := printer{doc: doc, opt: opt}
	p.capture()
	p.visibility()
	p.smtp()
	p.imapAccounts()
	p.imapClients()
	p.anomalies()
	p.legend()
	_, err := w.Write(p.out.Bytes())
	return err
}

type printer struct {
	out bytes.Buffer
	doc *summary.Document
	opt Options
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

// fact prints one line of the head.
func (p *printer) fact(name, format string, args ...any) {
	p.line("  %-12s %s", name, fmt.Sprintf(format, args...))
}

func (p *printer) capture() {
	c := &p.doc.Capture
	switch len(c.Files) {
	case 0:
		p.line("Nothing was read")
	case 1:
		p.line("Read %s", safe(c.Files[0], 74))
	default:
		p.line("Read %s and %d more", safe(c.Files[0], 60), len(c.Files)-1)
	}
	if c.Truncated {
		p.fact("truncated", "a file ends inside a packet; it was read up to there")
	}
	p.fact("packets", "%s, %s", number(c.Packets), size(c.Bytes))
	if c.First != 0 {
		at := func(t summary.Time) string {
			return time.Unix(0, int64(t)).In(p.opt.Location).Format("2006-01-02 15:04:05")
		}
		p.fact("time", "%s to %s %s (%s)", at(c.First), at(c.Last),
			time.Unix(0, int64(c.First)).In(p.opt.Location).Format("MST"), span(time.Duration(c.Last-c.First)))
	}
	p.fact("connections", "%s with payload, %s one-sided (%s)", number(c.Connections),
		number(c.OneSidedConnections), percent(c.OneSidedConnections, c.Connections))
	forms := p.doc.Visibility["total"]
	if forms == nil {
		forms = new(summary.Forms)
	}
	payload := forms.Cleartext.Bytes + forms.StartTLS.Bytes + forms.TLS.Bytes + forms.Compressed.Bytes + forms.Unknown.Bytes
	p.fact("loss", "%s missing (%s of the payload)", size(c.GapBytes), percent(c.GapBytes, payload+c.GapBytes))
	p.fact("encrypted", "%s (%s of the payload)", size(forms.StartTLS.Bytes+forms.TLS.Bytes), percent(forms.StartTLS.Bytes+forms.TLS.Bytes, payload))
	if n := oddities(c); n != "" {
		p.fact("not read", "%s", n)
	}
}

// oddities lists what decoding could not use, most first, as far as it fits.
func oddities(c *summary.Capture) string {
	type kind struct {
		name string
		n    uint64
	}
	var kinds []kind
	for name, n := range c.Decode {
		if n > 0 && name != "tcp" {
			kinds = append(kinds, kind{name, n})
		}
	}
	slices.SortFunc(kinds, func(a, b kind) int {
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.name, b.name))
	})
	var parts []string
	width := 0
	for _, k := range kinds {
		s := fmt.Sprintf("%s %s", number(k.n), strings.ReplaceAll(k.name, "_", " "))
		if width += len(s) + 2; width > 62 {
			return strings.Join(parts, ", ") + " …"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

// span renders a duration in its two greatest units.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	case d < 24*time.Hour:
		return strings.TrimSuffix(d.Round(time.Second).String(), "0s")
	}
	return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

func (p *printer) legend() {
	var marks []string
	for _, m := range [...]struct{ sign, means string }{
		{"≥", "≥ at least: bytes were lost or a bound was hit"},
		{"≤", "≤ at most: repeats could not be told apart"},
		{"~", "~ estimated"},
	} {
		if bytes.Contains(p.out.Bytes(), []byte(m.sign)) {
			marks = append(marks, m.means)
		}
	}
	if len(marks) > 0 {
		p.line("")
		for _, m := range marks {
			p.line("%s", m)
		}
	}
}
