package bulk

import (
	"fmt"
	"slices"
	"strings"

	"mailsensor/detectors"
	"mailsensor/protocols"
)

// emptied is the alert about an account that is being emptied.
func (d *Detector) emptied(a *account, f finding) detectors.Alert {
	al := a.evidence
	al.Flows, al.Related = slices.Clone(al.Flows), slices.Clone(al.Related)
	span := *al.Packets
	al.Packets = &span
	al.What, al.Key = "mailbox_emptied", a.name
	al.Entity = detectors.Entity{Kind: detectors.Account, Name: a.name}
	who := a.name
	if addr, ok := strings.CutPrefix(a.name, "?"); ok { // nobody was seen to log in
		al.Entity = detectors.Entity{Kind: detectors.Host, Name: addr}
		who = addr + ", whose login was not seen"
	}
	al.Techniques = []string{"T1114.002"}
	switch {
	case a.low:
		al.Confidence = protocols.LowerBound
	case a.high:
		al.Confidence = protocols.UpperBound
	}
	score := 0.6 + 0.25*min(1, (float64(f.n)/float64(f.floor)-1)/9)
	al.Evidence = []detectors.Measure{measure(f)}
	al.Summary = fmt.Sprintf("%s: %s downloaded in %s", who, amount(f.n, f.unit), detectors.Window(f.within))
	if n := a.exists(); n >= f.n && f.unit == "messages" { // else not all folders were seen to be opened
		share := float64(f.n) / float64(n)
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "share_of_mailbox", Seen: share, Unit: "ratio", Text: fmt.Sprintf("%.0f %% of the %d messages in the folders read", 100*share, n)})
		if share >= 0.8 {
			score += 0.08
			al.Summary += fmt.Sprintf(", %.0f %% of the mailbox", 100*share)
		}
	}
	if n := len(a.folders); n > 1 {
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "folders", Seen: float64(n), Unit: "folders", Text: fmt.Sprintf("from %d folders", n)})
	}
	if n := len(al.Related); n > 1 {
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "clients", Seen: float64(n), Unit: "hosts", Text: fmt.Sprintf("by %d clients", n)})
		al.Summary += fmt.Sprintf(", by %d clients", n)
	}
	score = d.sources(a, &al, score)
	al.Related = slices.DeleteFunc(al.Related, func(e detectors.Entity) bool { return e == al.Entity })
	al.Score = min(score, 0.97)
	return al
}

func measure(f finding) detectors.Measure {
	m := detectors.Measure{Name: f.unit + "_" + f.what, Seen: float64(f.n), Bound: detectors.Value(float64(f.floor)), Unit: f.unit,
		Text: fmt.Sprintf("%s within %s, floor %s", amount(f.n, f.unit), detectors.Window(f.within), amount(f.floor, f.unit))}
	if f.unit == "messages" {
		span := "hour"
		if f.what == "day" {
			span = "day"
		}
		m.Expected, m.Bound = f.usual.Value(), detectors.Value(f.usual.Over(float64(f.floor)))
		m.Text += fmt.Sprintf("; %s", f.usual.In(span))
	}
	return m
}

func amount(n uint64, unit string) string {
	if unit == "octets" {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d messages", n)
}

// sources weighs who reads: a stranger from outside, or the first sync of a new
// device, which looks the same as a theft, and is said to be so.
func (d *Detector) sources(a *account, al *detectors.Alert, score float64) float64 {
	fresh, outside := false, false
	for _, r := range a.sources {
		if int64(al.Last)-r.last > day || !slices.ContainsFunc(al.Related, func(e detectors.Entity) bool { return e.Name == r.addr.String() }) {
			continue
		}
		outside = outside || !d.border.Address(r.addr)
		fresh = fresh || int64(al.Last)-r.first < day
	}
	if outside {
		score += 0.1
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "from_outside", Seen: 1, Text: "read from outside"})
	}
	if !fresh {
		return score
	}
	switch {
	case int64(al.Last)-d.begun < memory:
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "no_history", Seen: 1, Text: "the watch is too young to know what is usual"})
		return score
	case int64(al.Last)-a.first < day:
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "first_sync", Seen: 1, Text: "the account was not read before: this may be its first sync"})
	default:
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "new_client", Seen: 1, Text: "a client that never read this account: a new device, or a thief"})
	}
	if outside || len(al.Related) > 1 {
		return score
	}
	al.Summary += " (first sync of a new device?)"
	return score * 0.7
}

// memory is how long the watch has to last before it can tell what is new.
const memory = 3 * day
