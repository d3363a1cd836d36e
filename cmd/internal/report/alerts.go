package report

import (
	"fmt"
	"strings"
	"time"

	"mailsensor/detectors"

	"github.com/jedib0t/go-pretty/v6/text"
)

// alerts says what was found, most severe first. That nothing was is said beside
// how much could be read.
func (p *printer) alerts() {
	list := p.doc.Alerts
	if len(list) == 0 {
		p.line("\nNo alerts%s.", p.readable())
		return
	}
	p.line("\nAlerts: %s, most severe first%s", plural(uint64(len(list)), "finding", "findings"), p.readable())
	shown := list
	if p.opt.Top > 0 && len(list) > p.opt.Top {
		shown = list[:p.opt.Top]
	}
	for _, a := range shown {
		p.alert(a)
	}
	if n := len(list) - len(shown); n > 0 {
		p.line("  … and %s more (--top 0 shows all, --alerts FILE writes them)", number(uint64(n)))
	}
	if n := p.doc.AlertsHeld; n > 0 {
		p.line("  %s held back, which would have been more than alerts_per_day", plural(n, "finding of the baselines was", "findings of the baselines were"))
	}
	if n := p.doc.AlertsDropped; n > 0 {
		p.line("  %s left out for want of room", plural(n, "finding was", "findings were"))
	}
}

// readable says what share of the payload the findings are from.
func (p *printer) readable() string {
	f := p.doc.Visibility["total"]
	if f == nil {
		return ""
	}
	seen := f.Cleartext.Bytes + f.Decrypted.Bytes + f.Compressed.Bytes
	all := seen + f.StartTLS.Bytes + f.TLS.Bytes + f.Unknown.Bytes + p.doc.Capture.GapBytes
	return fmt.Sprintf("; %s of the payload could be read", percent(seen, all))
}

// overlap names the groups whose techniques were seen.
func (p *printer) overlap() {
	for i, g := range p.doc.Overlap {
		if i == 0 {
			p.line("\nTechniques seen overlap with those of (this is no attribution)")
		}
		p.line("  %s", safe(fmt.Sprintf("%s, %s: %s", g.Name, g.ID, strings.Join(g.Techniques, " ")), width-2))
	}
}

const alertIndent = 12

func (p *printer) alert(a *detectors.Alert) {
	lines := wrap(safe(a.Summary, 6*(width-alertIndent)), width-alertIndent)
	for i, l := range lines {
		head := ""
		if i == 0 {
			head = strings.ToUpper(a.Severity.String())
		}
		p.line("  %-*s%s", alertIndent-2, head, l)
	}
	from, to := time.Unix(0, int64(a.First)).In(p.opt.Location), time.Unix(0, int64(a.Last)).In(p.opt.Location)
	when := from.Format("Mon " + time.DateTime)
	if to.Sub(from) >= time.Second {
		when += " for " + span(to.Sub(from))
	}
	what := fmt.Sprintf("%s, %s", when, strings.Join(a.Techniques, " "))
	p.line("%*s%s", alertIndent, "", safe(fmt.Sprintf("%s %.2f: %s", a.Detector, a.Score, what), width-alertIndent))
}

// wrap breaks a text at spaces, and where it must within words.
func wrap(s string, room int) (lines []string) {
	for text.StringWidth(s) > room {
		head := text.Trim(s, room)
		i := strings.LastIndexByte(head, ' ')
		if i > 0 && strings.HasPrefix(s[i+1:], "%") { // which stays with its number
			i = strings.LastIndexByte(head[:i], ' ')
		}
		if i > room/2 {
			head = head[:i]
		}
		if head == "" {
			break
		}
		lines = append(lines, head)
		s = strings.TrimLeft(s[len(head):], " ")
	}
	return append(lines, s)
}
