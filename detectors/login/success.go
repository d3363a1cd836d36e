package login

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mailsensor/detectors"
	"mailsensor/protocols"
)

// success judges a login that succeeded, and learns from it.
func (d *Detector) success(e *protocols.Login, a *account, raise func(detectors.Alert)) {
	t, client := e.Time, e.Client()
	known := slices.ContainsFunc(a.sources, func(s source) bool { return s.prefix == prefixOf(client) })
	if al, ok := d.afterFailures(e, a, known); ok {
		raise(al)
	}
	src := d.source(client, t)
	if a.settled(t, &d.config) {
		if signs := d.signs(e, a, &src, known); len(signs) > 0 {
			if score := detectors.Together(signs); score >= d.config.MinScore {
				raise(d.strange(e, a, signs, score))
			}
		}
	}
	d.learn(e, a, src)
}

// afterFailures is about a success where many tries failed.
func (d *Detector) afterFailures(e *protocols.Login, a *account, known bool) (al detectors.Alert, ok bool) {
	t, spray := e.Time, int64(d.config.SprayWindow)
	own := uint64(0)
	if p := d.pairs.Get(pair{a.name, e.Client()}); p != nil {
		own = p.Sum(t, int64(d.config.GuessWindow))
	}
	all := a.failed.Sum(t, spray)
	sprayed := 0
	if h := d.hosts.Get(e.Client()); h != nil {
		for range h.failed.Members(t, spray) {
			sprayed++
		}
	}
	var why string
	switch {
	case sprayed >= d.config.SprayAccounts && !known:
		why = fmt.Sprintf("after that host had failed on %d accounts", sprayed)
	case own >= uint64(d.config.AfterFailures) && own >= uint64(d.config.GuessFailures) || own >= uint64(d.config.AfterFailures) && !known:
		why = fmt.Sprintf("after %d failures of its own", own)
	case all >= uint64(d.config.GuessFailures) && !known:
		why = fmt.Sprintf("while others failed %d times on the account", all)
	default:
		return al, false
	}
	score := 0.85
	switch {
	case !d.border.Address(e.Client()):
		score = 0.93
	case sprayed < d.config.SprayAccounts && all == own: // somebody may just have looked for his password
		score = grow(0.5, 0.8, float64(own), float64(d.config.AfterFailures))
	}
	al = alert(e, "success_after_failures", a.name+" "+e.Client().String(), detectors.Entity{Kind: detectors.Account, Name: a.name}, score, "T1078", "T1110")
	al.Related = []detectors.Entity{{Kind: detectors.Host, Name: e.Client().String()}}
	al.Summary = fmt.Sprintf("%s got in as %s %s", e.Client(), a.name, why)
	al.Evidence = []detectors.Measure{
		{Name: "failures_of_account", Seen: float64(all), Bound: detectors.Value(float64(d.config.AfterFailures)), Unit: "logins",
			Text: fmt.Sprintf("%d failures on the account within %s", all, detectors.Window(d.config.SprayWindow))},
		{Name: "failures_of_host_on_account", Seen: float64(own), Bound: detectors.Value(float64(d.config.AfterFailures)), Unit: "logins",
			Text: fmt.Sprintf("%d of them by that host within %s, floor %d", own, detectors.Window(d.config.GuessWindow), d.config.AfterFailures)},
		{Name: "accounts_failed_by_host", Seen: float64(sprayed), Bound: detectors.Value(float64(d.config.SprayAccounts)), Unit: "accounts",
			Text: fmt.Sprintf("the host failed on %s within %s, floor %d", detectors.Plural(uint64(sprayed), "account", "accounts"), detectors.Window(d.config.SprayWindow), d.config.SprayAccounts)},
	}
	return al, true
}

// source describes where a client is.
func (d *Detector) source(client netip.Addr, t int64) source {
	s := source{prefix: prefixOf(client), first: t, last: t}
	if d.places != nil {
		s.country = d.places.Country(client)
		s.asn, _ = d.places.Network(client)
		s.lat, s.lon, s.radius, s.located = d.places.Location(client)
	}
	return s
}

// signs says what about a login is strange. From a known network that can be the
// client, the protocol and the hour; how far it is from the last place says nothing then: who uses
// a VPN is at two places by turns.
func (d *Detector) signs(e *protocols.Login, a *account, s *source, known bool) []detectors.Sign {
	var list []detectors.Sign
	add := func(name string, weight float64, format string, args ...any) {
		list = append(list, detectors.Sign{Name: name, Weight: weight, Text: fmt.Sprintf(format, args...)})
	}
	if !known {
		d.where(e, a, s, add)
	}
	if p := d.clients.Get(e.Conn.ID); p != nil && len(a.clients) > 0 && !a.uses(*p) {
		add("new_client", 0.25, "new client %s", detectors.Text(*p))
	}
	if b := bit(e.Protocol); b != 0 && a.over != 0 && a.over&b == 0 {
		add("new_protocol", 0.15, "new protocol %s", detectors.ProtocolName(e.Protocol))
	}
	if h := hour(e.Time, d.location); !a.usual(e.Time, h) {
		weight := 0.2
		if a.asleep(h) {
			weight = 0.35
		}
		add("unusual_hour", weight, "unusual time %s", time.Unix(0, e.Time).In(d.location).Format("Mon 15:04"))
	}
	return list
}

// where adds what is strange about the network that a login came from, which the
// account never came from.
func (d *Detector) where(e *protocols.Login, a *account, s *source, add func(name string, weight float64, format string, args ...any)) {
	out := !d.border.Address(e.Client())
	if out {
		add("new_network", 0.35, "new network %s", s.prefix)
	} else {
		add("new_network", 0.1, "new network %s", s.prefix)
	}
	if out && !a.outside {
		add("first_from_outside", 0.25, "first from outside")
	}
	if s.country != "" && !slices.ContainsFunc(a.sources, func(o source) bool { return o.country == s.country }) {
		add("new_country", 0.4, "new country %s", s.country)
	}
	if s.asn != 0 && !slices.ContainsFunc(a.sources, func(o source) bool { return o.asn == s.asn }) {
		add("new_asn", 0.2, "new network operator AS%d", s.asn)
	}
	if km, speed, ok := d.travel(a, s); ok {
		add("impossible_travel", 0.7, "at least %.0f km from the last place, at %.0f km/h or more", km, speed)
	}
}

func (d *Detector) strange(e *protocols.Login, a *account, signs []detectors.Sign, score float64) detectors.Alert {
	al := alert(e, "strange_login", a.name+" "+prefixOf(e.Client()).String(), detectors.Entity{Kind: detectors.Account, Name: a.name}, min(score, 0.89), "T1078")
	al.Related = []detectors.Entity{{Kind: detectors.Host, Name: e.Client().String()}}
	var texts []string
	for _, s := range signs {
		texts = append(texts, s.Text)
		al.Evidence = append(al.Evidence, detectors.Measure{Name: s.Name, Seen: 1, Expected: detectors.Value(0), Text: s.Text})
	}
	al.Evidence = append(al.Evidence, detectors.Measure{Name: "logins_before", Seen: float64(a.logins), Unit: "logins",
		Text: fmt.Sprintf("%d logins in %d days before", a.logins, (e.Time-a.first)/int64(24*time.Hour))})
	al.Summary = fmt.Sprintf("%s logged in from %s: %s", a.name, e.Client(), strings.Join(texts, ", "))
	return al
}

// travel reports how far it is at least from the account's last place to this one,
// and how fast somebody would have to travel, if that is faster than anybody does.
func (d *Detector) travel(a *account, s *source) (km, speed float64, ok bool) {
	if !s.located {
		return 0, 0, false
	}
	var last *source
	for i := range a.sources {
		if o := &a.sources[i]; o.located && (last == nil || o.last > last.last) {
			last = o
		}
	}
	if last == nil {
		return 0, 0, false
	}
	km = distance(last.lat, last.lon, s.lat, s.lon) - last.radius - s.radius // as near as both may be
	hours := float64(s.last-last.last) / float64(time.Hour)
	if km < 500 {
		return 0, 0, false
	}
	speed = km / max(hours, 1.0/60)
	return km, speed, speed > d.config.TravelSpeed
}

// distance is the great-circle distance in kilometres.
func distance(lat1, lon1, lat2, lon2 float64) float64 {
	const earth, rad = 6371.0, math.Pi / 180
	a := math.Sin((lat2-lat1)*rad/2)*math.Sin((lat2-lat1)*rad/2) +
		math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Sin((lon2-lon1)*rad/2)*math.Sin((lon2-lon1)*rad/2)
	return 2 * earth * math.Asin(math.Sqrt(min(1, a)))
}

// learn adds a login to the account's habits.
func (d *Detector) learn(e *protocols.Login, a *account, s source) {
	if a.first == 0 {
		a.first = e.Time
	}
	a.logins++
	h := hour(e.Time, d.location)
	a.hours[h/64] |= 1 << (h % 64)
	a.over |= bit(e.Protocol)
	a.outside = a.outside || !d.border.Address(e.Client())
	if p := d.clients.Get(e.Conn.ID); p != nil {
		a.used(*p, e.Time)
	}
	for i := range a.sources {
		if a.sources[i].prefix == s.prefix {
			s.first = a.sources[i].first
			a.sources[i] = s
			return
		}
	}
	if len(a.sources) == maxSources { // the one that was silent longest is no habit any more
		oldest := 0
		for i := range a.sources {
			if a.sources[i].last < a.sources[oldest].last {
				oldest = i
			}
		}
		a.sources = slices.Delete(a.sources, oldest, oldest+1)
	}
	if a.sources == nil {
		a.sources = make([]source, 0, usualSources)
	}
	a.sources = append(a.sources, s)
}
