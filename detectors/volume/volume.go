// Package volume sees hosts and accounts that mail more or less than they do at this
// hour of the week, by the baselines (package habits): a story of one of them is one
// alert. Beside that stand floors for who is not known yet: more messages in ten
// minutes than most would ever send, with many refusals or to many servers, as a bulk
// sender does that was let in yesterday.
//
// It finds (T1071.003, T1048.003): accounts, senders and hosts that send more messages,
// reach more recipients or servers outside, or send more octets than is usual, in five
// minutes, an hour, a day, or a little more for days; a host that downloads more, for
// several accounts or in TLS; a host gone quiet; a burst of mail from a host that is no
// mail server itself; a host that is no mail server and delivers to many servers outside
// by itself.
//
// It misses: what baselines miss (docs/baselines.md); fewer than ten messages more than
// usual; an account's silence.
package volume

import (
	"fmt"
	"net/netip"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/codec"
	"mailsensor/detectors/habits"
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
}

// Default returns the floors that are shipped.
func Default() Config {
	return Config{Burst: 300, BurstWindow: 10 * time.Minute, Relay: 10, Servers: 6, Rejected: 0.1}
}

const maxHosts = 1 << 16

const day = int64(24 * time.Hour)

// Detector is the detector.
type Detector struct {
	codec.Tables

	config Config
	border *inside.Border
	habits *habits.Tracker
	hosts  *recent.Table[netip.Addr, host]
	room   window.Room
}

// host is what is known of one.
type host struct {
	takes    bool // it takes mail: a mail server
	sent     window.Small
	refused  window.Small
	people   window.Small // recipients
	servers  window.Set   // outside, that it delivered to
	told     uint64
	toldFans int
	toldAt   int64
}

// New returns a Detector, which comes behind h in the list.
func New(c Config, border *inside.Border, h *habits.Tracker) *Detector {
	d := &Detector{config: c, border: border, habits: h, hosts: recent.New[netip.Addr, host](maxHosts)}
	d.Tables = codec.Bounded(d.hosts)
	return d
}

// Name implements detectors.Detector.
func (*Detector) Name() string { return "volume" }

// Tick implements detectors.Detector.
func (d *Detector) Tick(_ int64, raise func(detectors.Alert)) { d.stories(raise) }

// Observe implements detectors.Detector.
func (d *Detector) Observe(ev protocols.Event, raise func(detectors.Alert)) {
	d.stories(raise)
	e, ok := ev.(*protocols.Message)
	if !ok {
		return
	}
	if e.Protocol == "smtp" {
		d.host(e.Conn.Server.Addr()).takes = true
	}
	h := d.host(e.Client())
	span := int64(d.config.BurstWindow)
	sent := h.sent.Add(e.Time, span, 1)
	refused := uint64(0)
	if e.Outcome == protocols.Rejected || e.RecipientsRejected > 0 {
		refused = 1
	}
	refused = h.refused.Add(e.Time, span, refused)
	people := h.people.Add(e.Time, span, uint64(e.RecipientsAccepted+e.RecipientsRejected))
	fans := 0
	if server := e.Conn.Server.Addr(); !d.border.Address(server) && d.border.Address(e.Client()) {
		d.room.Furnish(&h.servers)
		b := server.As16()
		fans, _ = h.servers.Add(e.Time, span, protocols.NameID(b[:]))
	}
	if e.Time-h.toldAt > day {
		h.told, h.toldFans = 0, 0
	}
	if sent >= d.floor(h) && sent >= h.told+h.told/4 {
		if u := d.habit(e, baseline.MessagesSent); !u.Known() || float64(sent) > u.Bound {
			h.told, h.toldAt = sent, e.Time
			raise(d.burst(e, h, u, sent, refused, people))
		}
	}
	if !h.takes && fans >= d.config.Servers && fans > h.toldFans {
		if u := d.habit(e, baseline.OutsideServers); !u.Known() || float64(fans) > u.Bound {
			h.toldFans, h.toldAt = fans, e.Time
			raise(d.spread(e, u, fans))
		}
	}
}

func (d *Detector) host(a netip.Addr) *host {
	h := d.hosts.Get(a)
	if h == nil {
		h = d.hosts.Insert(a)
		h.servers.Reset()
		*h = host{servers: h.servers}
	}
	return h
}

// floor is how many messages within the window most would never send.
func (d *Detector) floor(h *host) uint64 {
	floor := float64(d.config.Burst)
	if h.takes {
		floor *= d.config.Relay
	}
	return uint64(floor)
}

// habit is what is usual for the client of a message in this hour: more than that
// within minutes is not.
func (d *Detector) habit(e *protocols.Message, m baseline.Metric) habits.Habit {
	return d.habits.Hour(baseline.Host, e.Client().Unmap().WithZone("").String(), m)
}

func (d *Detector) burst(e *protocols.Message, h *host, u habits.Habit, sent, refused, people uint64) detectors.Alert {
	al := d.alert(e, "mail_burst")
	al.Score = 0.55 + 0.25*min(1, (float64(sent)/float64(d.config.Burst)-1)/9)
	if float64(refused) >= d.config.Rejected*float64(sent) {
		al.Score += 0.15
	}
	al.Summary = fmt.Sprintf("%s sent %d messages to %d recipients in %d min", e.Client(), sent, people, d.config.BurstWindow/time.Minute)
	if refused > 0 {
		al.Summary += fmt.Sprintf(", %.0f %% of them refused in part or whole", 100*float64(refused)/float64(sent))
	}
	al.Evidence = []detectors.Measure{
		{Name: "messages_burst", Seen: float64(sent), Expected: u.Value(), Bound: detectors.Value(u.Over(float64(d.floor(h)))), Unit: "messages",
			Text: fmt.Sprintf("%d messages within %d min, floor %d; %s", sent, d.config.BurstWindow/time.Minute, d.floor(h), u.In("hour"))},
		{Name: "recipients", Seen: float64(people), Unit: "recipients", Text: detectors.Plural(people, "recipient", "recipients")},
		{Name: "refused_share", Seen: float64(refused) / float64(sent), Bound: detectors.Value(d.config.Rejected), Unit: "ratio",
			Text: fmt.Sprintf("%d of the messages refused in part or whole", refused)},
	}
	return al
}

func (d *Detector) spread(e *protocols.Message, u habits.Habit, fans int) detectors.Alert {
	al := d.alert(e, "many_servers")
	al.Score = 0.6 + 0.2*min(1, (float64(fans)/float64(d.config.Servers)-1)/9)
	al.Summary = fmt.Sprintf("%s, which takes no mail itself, delivered to %d servers outside in %d min", e.Client(), fans, d.config.BurstWindow/time.Minute)
	al.Evidence = []detectors.Measure{{Name: "servers_outside", Seen: float64(fans), Expected: u.Value(), Bound: detectors.Value(u.Over(float64(d.config.Servers))), Unit: "servers",
		Text: fmt.Sprintf("%d servers, floor %d; %s", fans, d.config.Servers, u.In("hour"))}}
	return al
}

func (d *Detector) alert(e *protocols.Message, what string) detectors.Alert {
	who := d.habits.Person(e.Client())
	if who == "" {
		who = e.Client().Unmap().WithZone("").String()
	}
	al := detectors.Alert{What: what, Key: key(what, who), Confidence: e.Confidence,
		Entity: detectors.Entity{Kind: detectors.Host, Name: e.Client().String()}, Techniques: []string{"T1071.003", "T1048.003"}}
	al.Saw(&e.Head)
	if len(e.From) > 0 {
		al.Related = []detectors.Entity{{Kind: detectors.Sender, Name: string(e.From)}}
	}
	return al
}
