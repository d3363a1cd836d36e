package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mailsensor/detectors/summary"
)

const factIndent = 15

// fact prints one line of the head.
func (p *printer) fact(name, format string, args ...any) {
	p.line("  %-*s%s", factIndent-2, name, safe(fmt.Sprintf(format, args...), width-factIndent))
}

// capture says what was read, and how much of it there was to see.
func (p *printer) capture() {
	c := &p.doc.Capture
	switch n := len(c.Files); n {
	case 0:
		p.line("Nothing was read")
	case 1:
		p.line("Read %s", safe(c.Files[0], width-len("Read ")))
	default:
		rest := fmt.Sprintf(" and %s", plural(uint64(n-1), "more file", "more files"))
		p.line("Read %s%s", safe(c.Files[0], width-len("Read ")-len(rest)), rest)
	}
	if c.Truncated {
		p.fact("truncated", "a file ends inside a packet; it was read up to there")
	}
	p.fact("packets", "%s, %s", number(c.Packets), size(c.Bytes))
	if c.First != 0 {
		p.fact("time", "%s (%s)", interval(p.time(c.First), p.time(c.Last)), span(time.Duration(c.Last-c.First)))
	}
	p.fact("connections", "%s with payload, %s one-sided (%s)", number(c.Connections),
		number(c.OneSidedConnections), percent(c.OneSidedConnections, c.Connections))
	p.payload()
	if l := c.Lost; l != nil {
		p.fact("not seen", "%s of %s packets (%s), so that counts are at least",
			number(l.KernelDrops+l.CardDrops+l.ShedPackets), number(c.Packets+l.KernelDrops+l.CardDrops), percentOf(l.Share))
		p.fact("", "kernel %s, card %s, put aside %s (of mail %s)",
			number(l.KernelDrops), number(l.CardDrops), number(l.ShedPackets), number(l.ShedMailPackets))
	}
	if list := leftOut(c.Decode); list != "" {
		p.fact("left out", "%s", list)
	}
	if n := c.Decode["time_backward"]; n > 0 {
		p.fact("clock", "%s older than the one before", plural(n, "packet is", "packets are"))
	}
}

func percentOf(share float64) string { return fmt.Sprintf("%.2g %%", 100*share) }

// payload says how much of what was said could be read.
func (p *printer) payload() {
	f := p.doc.Visibility["total"]
	if f == nil {
		return
	}
	encrypted, gaps := f.StartTLS.Bytes+f.TLS.Bytes, p.doc.Capture.GapBytes
	seen := f.Cleartext.Bytes + f.Decrypted.Bytes + encrypted + f.Compressed.Bytes + f.Unknown.Bytes
	p.fact("lost", "%s (%s of the payload)", size(gaps), percent(gaps, seen+gaps))
	p.fact("encrypted", "%s (%s of the payload seen)", size(encrypted), percent(encrypted, seen))
}

func (p *printer) time(t summary.Time) time.Time {
	return time.Unix(0, int64(t)).In(p.opt.Location)
}

// interval renders two times, the date of the second where it is another.
func interval(from, to time.Time) string {
	layout := "15:04:05 MST"
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		layout = "2006-01-02 " + layout
	}
	return from.Format(time.DateTime) + " to " + to.Format(layout)
}

// leftOut lists the packets that were not used, by why, most first, as far as
// they fit.
func leftOut(counts map[string]uint64) string {
	kinds := slices.DeleteFunc(slices.Collect(maps.Keys(counts)), func(kind string) bool { return counts[kind] == 0 || used(kind) })
	slices.SortFunc(kinds, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	var list string
	for i, kind := range kinds {
		s := fmt.Sprintf("%s %s", number(counts[kind]), strings.ReplaceAll(kind, "_", " "))
		if i > 0 {
			s = ", " + s
		}
		if len(list)+len(s) > width-factIndent-len(" …") {
			return list + " …"
		}
		list += s
	}
	return list
}

// used reports whether a count of decoding is one of packets that were read
// after all.
func used(kind string) bool {
	switch kind {
	case "tcp", "fragment", "fragments", "fragments_reassembled", "fragments_duplicates",
		"fragments_overlaps", "fragments_conflicts", "snap_length_cut", "time_backward", "time_jump":
		return true
	}
	return strings.HasPrefix(kind, "encapsulated_")
}
