package login

import (
	"fmt"
	"net/netip"

	"mailsensor/detectors"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// failure counts a login that did not succeed.
func (d *Detector) failure(e *protocols.Login, a *account, raise func(detectors.Alert)) {
	t, client := e.Time, e.Client()
	h := d.host(client)
	guess, spray := int64(d.config.GuessWindow), int64(d.config.SprayWindow)
	a.failed.Add(t, spray, 1)
	tried := h.tried.Add(t, spray, 1)

	k := pair{a.name, client}
	p := d.pairs.Get(k)
	if p == nil {
		p = d.pairs.Insert(k)
		*p = window.Small{}
	}
	if n := p.Add(t, guess, 1); n >= uint64(d.config.GuessFailures) {
		d.floor(a.name, t)
		d.floor(client.Unmap().WithZone("").String(), t)
		raise(d.guessing(e, a, client, n))
	}
	if n, _ := h.failed.Add(t, spray, protocols.NameID(a.name)); n >= d.config.SprayAccounts {
		d.floor(client.Unmap().WithZone("").String(), t)
		raise(d.spraying(e, client, n, tried, h.failed.Full()))
	}
	if n, fresh := a.strangers.Add(t, spray, addrHash(client)); fresh && n >= d.config.SwarmHosts {
		d.floor(a.name, t)
		raise(d.swarm(e, a, n))
	}
}

func addrHash(a netip.Addr) uint64 {
	b := a.As16()
	return protocols.NameID(b[:])
}

// alert begins one about a login.
func alert(e *protocols.Login, what, key string, entity detectors.Entity, score float64, techniques ...string) detectors.Alert {
	a := detectors.Alert{What: what, Key: what + " " + key, Entity: entity, Score: score, Techniques: techniques, Confidence: e.Confidence}
	a.Saw(&e.Head)
	return a
}

// grow is a score that begins at low when n is at the threshold and comes near
// high when it is ten times as much.
func grow(low, high float64, n, threshold float64) float64 {
	x := (n/threshold - 1) / 9
	return low + (high-low)*min(1, max(0, x))
}

func (d *Detector) guessing(e *protocols.Login, a *account, client netip.Addr, n uint64) detectors.Alert {
	score := grow(0.6, 0.8, float64(n), float64(d.config.GuessFailures))
	if !d.border.Address(client) {
		score += 0.05
	}
	al := alert(e, "guessing", a.name+" "+client.String(), detectors.Entity{Kind: detectors.Account, Name: a.name}, score, "T1110.001")
	al.Related = []detectors.Entity{{Kind: detectors.Host, Name: client.String()}}
	al.Summary = fmt.Sprintf("%s failed %d times in %s to log in as %s", client, n, detectors.Window(d.config.GuessWindow), a.name)
	al.Evidence = []detectors.Measure{{Name: "failed_logins", Seen: float64(n), Bound: detectors.Value(float64(d.config.GuessFailures)), Unit: "logins",
		Text: fmt.Sprintf("%d failed logins within %s, floor %d", n, detectors.Window(d.config.GuessWindow), d.config.GuessFailures)}}
	return al
}

func (d *Detector) spraying(e *protocols.Login, client netip.Addr, n int, tried uint64, full bool) detectors.Alert {
	techniques, how := []string{"T1110.003"}, ""
	if float64(tried) <= 1.2*float64(n) { // the lists of others' leaks are tried so, too
		techniques, how = append(techniques, "T1110.004"), ", about once each: spraying or stuffing"
	}
	score := grow(0.75, 0.88, float64(n), float64(d.config.SprayAccounts))
	al := alert(e, "spraying", client.String(), detectors.Entity{Kind: detectors.Host, Name: client.String()}, score, techniques...)
	if full {
		al.Confidence = protocols.LowerBound
	}
	al.Related = []detectors.Entity{{Kind: detectors.Account, Name: string(d.name)}}
	al.Summary = fmt.Sprintf("%s failed to log in as %d different accounts in %s%s", client, n, detectors.Window(d.config.SprayWindow), how)
	al.Evidence = []detectors.Measure{
		{Name: "accounts_failed", Seen: float64(n), Bound: detectors.Value(float64(d.config.SprayAccounts)), Unit: "accounts",
			Text: fmt.Sprintf("%d accounts within %s, floor %d", n, detectors.Window(d.config.SprayWindow), d.config.SprayAccounts)},
		{Name: "failed_logins", Seen: float64(tried), Unit: "logins", Text: fmt.Sprintf("%d failed logins", tried)},
	}
	return al
}

func (d *Detector) swarm(e *protocols.Login, a *account, n int) detectors.Alert {
	al := alert(e, "guessing_from_many", a.name, detectors.Entity{Kind: detectors.Account, Name: a.name},
		grow(0.7, 0.85, float64(n), float64(d.config.SwarmHosts)), "T1110.001", "T1110.004")
	al.Related = []detectors.Entity{{Kind: detectors.Host, Name: e.Client().String()}}
	al.Summary = fmt.Sprintf("%d hosts failed in %s to log in as %s", n, detectors.Window(d.config.SprayWindow), a.name)
	al.Evidence = []detectors.Measure{{Name: "hosts_failed", Seen: float64(n), Bound: detectors.Value(float64(d.config.SwarmHosts)), Unit: "hosts",
		Text: fmt.Sprintf("%d hosts within %s, floor %d", n, detectors.Window(d.config.SprayWindow), d.config.SwarmHosts)}}
	return al
}
