// Package volume sees hosts that suddenly mail much: more messages in ten minutes
// than a floor allows and than the host is used to, with many refusals or to many
// servers, as a bulk sender does that was let in yesterday.
//
// It finds (T1071.003, T1048.003): a burst of mail from a host that is no mail server
// itself, or far more than a mail server is used to; a host that is no mail server and
// delivers to many servers outside by itself.
//
// It misses: what stays below the floors. What is usual for a host at this hour is not
// known to it: it knows the second-highest day of the last fourteen, no more.
package volume

import (
	"fmt"
	"net/netip"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/recent"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// Config holds the floors. Default gives those that are shipped.
type Config struct {
	Burst       int           `yaml:"burst"`        // messages of a host within BurstWindow
	BurstWindow time.Duration `yaml:"burst_window"` //
	Relay       float64       `yaml:"relay"`        // how many times as much a host may send that takes mail itself
	Servers     int           `yaml:"servers"`      // servers outside that a host delivers to within BurstWindow
	Rejected    float64       `yaml:"rejected"`     // share of refused messages that is suspect
	Usual       float64       `yaml:"usual"`        // how many times what a host is used to is strange
}

// Default returns the floors that are shipped.
func Default() Config {
	return Config{Burst: 300, BurstWindow: 10 * time.Minute, Relay: 10, Servers: 6, Rejected: 0.1, Usual: 2}
}

// Bounds.
const (
	maxHosts = 1 << 16
	past     = 14 // days of a host that are remembered
)

const day = int64(24 * time.Hour)

// Detector is the detector.
type Detector struct {
	config Config
	border *inside.Border
	hosts  *recent.Table[netip.Addr, host]
}

// host is what is known of one.
type host struct {
	takes    bool // it takes mail: a mail server
	sent     window.Counter
	refused  window.Counter
	people   window.Counter // recipients
	servers  window.Set     // outside, that it delivered to
	day      int64
	peak     uint64
	peaks    [past]uint32
	fans     [past]uint32 // most servers within the window, by day
	fan      uint64
	told     uint64
	toldFans int
	toldAt   int64
}

// New returns a Detector.
func New(c Config, border *inside.Border) *Detector {
	return &Detector{config: c, border: border, hosts: recent.New[netip.Addr, host](maxHosts)}
}

// Name implements detectors.Detector.
func (*Detector) Name() string { return "volume" }

// Tick implements detectors.Detector. Everything here is decided by events.
func (d *Detector) Tick(int64, func(detectors.Alert)) {}

// Observe implements detectors.Detector.
func (d *Detector) Observe(ev protocols.Event, raise func(detectors.Alert)) {
	e, ok := ev.(*protocols.Message)
	if !ok {
		return
	}
	if e.Protocol == "smtp" {
		d.host(e.Conn.Server.Addr(), e.Time).takes = true
	}
	h := d.host(e.Client(), e.Time)
	h.turn(e.Time)
	span := int64(d.config.BurstWindow)
	sent := h.sent.Add(e.Time, span, 1)
	refused := uint64(0)
	if e.Outcome == protocols.Rejected || e.RecipientsRejected > 0 {
		refused = 1
	}
	refused = h.refused.Add(e.Time, span, refused)
	people := h.people.Add(e.Time, span, uint64(e.RecipientsAccepted+e.RecipientsRejected))
	h.peak = max(h.peak, sent)
	fans := 0
	if server := e.Conn.Server.Addr(); !d.border.Address(server) && d.border.Address(e.Client()) {
		b := server.As16()
		fans, _ = h.servers.Add(e.Time, span, protocols.NameID(b[:]))
		h.fan = max(h.fan, uint64(fans))
	}
	if e.Time-h.toldAt > day {
		h.told, h.toldFans = 0, 0
	}
	if sent >= d.threshold(h) && sent >= h.told+h.told/4 {
		h.told, h.toldAt = sent, e.Time
		raise(d.burst(e, h, sent, refused, people))
	}
	if !h.takes && fans >= d.config.Servers && fans > h.toldFans && float64(fans) > d.config.Usual*float64(usual(h.fans[:])) {
		h.toldFans, h.toldAt = fans, e.Time
		raise(d.spread(e, fans))
	}
}

func (d *Detector) host(a netip.Addr, t int64) *host {
	h := d.hosts.Get(a)
	if h == nil {
		h = d.hosts.Insert(a)
		h.servers.Reset()
		*h = host{day: t / day, servers: h.servers}
	}
	return h
}

// turn begins another day.
func (h *host) turn(t int64) {
	for now := t / day; h.day < now; h.day++ {
		if now-h.day > past { // nothing of the past is left
			h.peaks, h.fans, h.day = [past]uint32{}, [past]uint32{}, now-1
		}
		i := h.day % past
		h.peaks[i], h.fans[i] = uint32(min(h.peak, 1<<31)), uint32(h.fan)
		h.peak, h.fan = 0, 0
	}
}

// usual is what a day of the past may bring: the second-highest of the days, since one
// strange day does not make a habit.
func usual(past []uint32) uint32 {
	var first, second uint32
	for _, n := range past {
		switch {
		case n > first:
			first, second = n, first
		case n > second:
			second = n
		}
	}
	return second
}

func (d *Detector) threshold(h *host) uint64 {
	floor := float64(d.config.Burst)
	if h.takes {
		floor *= d.config.Relay
	}
	return uint64(max(floor, d.config.Usual*float64(usual(h.peaks[:]))))
}

func (d *Detector) burst(e *protocols.Message, h *host, sent, refused, people uint64) detectors.Alert {
	al := d.alert(e, "mail_burst")
	al.Score = 0.55 + 0.25*min(1, (float64(sent)/float64(d.config.Burst)-1)/9)
	if float64(refused) >= d.config.Rejected*float64(sent) {
		al.Score += 0.15
	}
	al.Summary = fmt.Sprintf("%s sent %d messages to %d recipients in %d min", e.Client(), sent, people, d.config.BurstWindow/time.Minute)
	if refused > 0 {
		al.Summary += fmt.Sprintf(", %.0f %% of them refused in part or whole", 100*float64(refused)/float64(sent))
	}
	u := usual(h.peaks[:])
	al.Evidence = []detectors.Measure{
		{Name: "messages_burst", Seen: float64(sent), Expected: detectors.Value(float64(u)), Bound: detectors.Value(float64(d.threshold(h))), Unit: "messages",
			Text: fmt.Sprintf("%d messages within %d min, usual up to %d", sent, d.config.BurstWindow/time.Minute, u)},
		{Name: "recipients", Seen: float64(people), Unit: "recipients"},
		{Name: "refused_share", Seen: float64(refused) / float64(sent), Bound: detectors.Value(d.config.Rejected), Unit: "ratio"},
	}
	return al
}

func (d *Detector) spread(e *protocols.Message, fans int) detectors.Alert {
	al := d.alert(e, "many_servers")
	al.Score = 0.6 + 0.2*min(1, (float64(fans)/float64(d.config.Servers)-1)/9)
	al.Summary = fmt.Sprintf("%s, which takes no mail itself, delivered to %d servers outside in %d min", e.Client(), fans, d.config.BurstWindow/time.Minute)
	al.Evidence = []detectors.Measure{{Name: "servers_outside", Seen: float64(fans), Bound: detectors.Value(float64(d.config.Servers)), Unit: "servers",
		Text: fmt.Sprintf("%d servers, floor %d", fans, d.config.Servers)}}
	return al
}

func (d *Detector) alert(e *protocols.Message, what string) detectors.Alert {
	al := detectors.Alert{What: what, Key: what + " " + e.Client().String(), Confidence: e.Confidence,
		Entity: detectors.Entity{Kind: detectors.Host, Name: e.Client().String()}, Techniques: []string{"T1071.003", "T1048.003"}}
	al.Saw(&e.Head)
	if len(e.From) > 0 {
		al.Related = []detectors.Entity{{Kind: detectors.Sender, Name: string(e.From)}}
	}
	return al
}
