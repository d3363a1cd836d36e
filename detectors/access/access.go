// Package access answers the fourth question of the playbook: was there remote
// access that nobody allowed, beside what happened to the mail?
//
// It finds (T1133, T1021, T1219): mail services used from outside; remote-control
// sessions (SSH, RDP, VNC, and the services that are known by name) from outside to
// hosts of ours, or from them to such a service, and within a day of them mail read
// at that host, or by it. Such a session alone is for the record, not for alarm.
//
// It misses: sessions inside other TLS; what an allow-list would know: jump hosts
// and VPN are told like anybody else unless Config.Allowed names them.
package access

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/codec"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/recent"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// Config holds what can be chosen. Default gives what is shipped.
type Config struct {
	Within  time.Duration  `yaml:"within"`  // how near mail and remote access have to be
	Allowed []netip.Prefix `yaml:"allowed"` // jump hosts, VPN
}

// Default returns what is shipped.
func Default() Config { return Config{Within: 24 * time.Hour} }

// Bounds.
const (
	maxHosts    = 1 << 16
	maxServices = 1 << 12
)

// Detector is the detector.
type Detector struct {
	codec.Tables

	config   Config
	border   *inside.Border
	hosts    *recent.Table[netip.Addr, host]
	services *recent.Table[service, outside]
	name     []byte
}

// host is one of ours.
type host struct {
	remote  int64  // time of the last remote access; 0: none
	kind    string // of which kind
	peer    netip.Addr
	inbound bool
	mail    int64  // time of the last mail read at it, or by it
	account string // whose
}

type service struct {
	server   netip.Addr
	protocol string
}

// outside is the use of a service from outside.
type outside struct {
	users window.Set
	told  int64
}

// New returns a Detector.
func New(c Config, border *inside.Border) *Detector {
	d := &Detector{config: c, border: border, hosts: recent.New[netip.Addr, host](maxHosts), services: recent.New[service, outside](maxServices)}
	d.Tables = codec.Bounded(d.hosts)
	return d
}

// Evicted implements detectors.Bounded.
func (d *Detector) Evicted() uint64 {
	return d.hosts.Evicted + d.services.Evicted
}

// Name implements detectors.Detector.
func (*Detector) Name() string { return "access" }

// Tick implements detectors.Detector. Everything here is decided by events.
func (d *Detector) Tick(int64, func(detectors.Alert)) {}

// Observe implements detectors.Detector.
func (d *Detector) Observe(ev protocols.Event, raise func(detectors.Alert)) {
	switch e := ev.(type) {
	case *protocols.ConnEnd:
		if e.Remote != "" {
			d.remote(e, raise)
		}
	case *protocols.MailboxRead:
		d.mail(&e.Head, raise)
	case *protocols.Login:
		if e.Outcome == protocols.Accepted {
			d.login(e, raise)
		}
	}
}

func (d *Detector) host(a netip.Addr) *host {
	h := d.hosts.Get(a)
	if h == nil {
		h = d.hosts.Insert(a)
		*h = host{}
	}
	return h
}

func (d *Detector) allowed(a netip.Addr) bool {
	for _, p := range d.config.Allowed {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// remote notes a session: from outside to a host of ours, or from one of ours to a
// service that lets others in.
func (d *Detector) remote(e *protocols.ConnEnd, raise func(detectors.Alert)) {
	client, server := e.Client(), e.Conn.Server.Addr()
	if d.allowed(client) || d.allowed(server) {
		return
	}
	in, out := d.border.Address(server) && !d.border.Address(client), d.border.Address(client) && !d.border.Address(server)
	if !in && !out || out && !lets(e.Remote) {
		return
	}
	ours, peer := server, client
	if out {
		ours, peer = client, server
	}
	h := d.host(ours)
	h.remote, h.kind, h.peer, h.inbound = e.Time, e.Remote, peer, in
	if h.mail != 0 && e.Time-h.mail <= int64(d.config.Within) {
		raise(d.beside(&e.Head, ours, h))
		return
	}
	score := 0.25
	if in && e.Remote != "ssh" {
		score = 0.5
	}
	al := d.alert(&e.Head, "remote_access", ours, h, score)
	al.Summary = fmt.Sprintf("%s from %s to %s", strings.ToUpper(e.Remote), peer, ours)
	if out {
		al.Summary = fmt.Sprintf("%s reached the remote-control service %s at %s", ours, e.Remote, peer)
	}
	raise(al)
}

// lets reports whether a session from inside lets somebody in: remote-control
// services do, while SSH, RDP and VNC go where they go.
func lets(kind string) bool {
	return kind != "ssh" && kind != "rdp" && kind != "vnc" && kind != "telnet"
}

func (d *Detector) alert(e *protocols.Head, what string, ours netip.Addr, h *host, score float64) detectors.Alert {
	al := detectors.Alert{What: what, Key: what + " " + ours.String() + " " + h.kind, Score: score, Confidence: protocols.Exact,
		Entity: detectors.Entity{Kind: detectors.Host, Name: ours.String()}, Techniques: []string{"T1219"}}
	if h.inbound {
		al.Techniques = []string{"T1133", "T1021"}
	}
	al.Saw(e)
	al.Related = []detectors.Entity{{Kind: detectors.Host, Name: h.peer.String()}}
	al.Evidence = []detectors.Measure{{Name: "remote_access", Seen: 1, Text: fmt.Sprintf("%s with %s", h.kind, h.peer)}}
	return al
}

// beside is the alert about remote access and mail of the same host.
func (d *Detector) beside(e *protocols.Head, ours netip.Addr, h *host) detectors.Alert {
	al := d.alert(e, "remote_access_and_mail", ours, h, 0.55)
	if h.inbound {
		al.Score = 0.65
	}
	apart := strings.TrimSuffix(time.Duration(max(h.mail-h.remote, h.remote-h.mail)).Round(time.Minute).String(), "0s")
	al.Summary = fmt.Sprintf("%s with %s, and mail read at %s, %s apart", strings.ToUpper(h.kind), h.peer, ours, apart)
	al.Evidence = append(al.Evidence, detectors.Measure{Name: "mail_read", Seen: 1, Text: "mail of " + or(h.account, "an unknown account")})
	if h.account != "" {
		al.Related = append(al.Related, detectors.Entity{Kind: detectors.Account, Name: h.account})
	}
	return al
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// mail notes that mail was read by a host, and at a server.
func (d *Detector) mail(e *protocols.Head, raise func(detectors.Alert)) {
	client := e.Client()
	if !d.border.Address(client) {
		return
	}
	h := d.hosts.Get(client)
	if h == nil {
		h = d.host(client)
	}
	fresh := h.remote != 0 && e.Time-h.remote <= int64(d.config.Within) && h.mail < h.remote
	h.mail = e.Time
	if !fresh {
		return
	}
	d.name = d.border.Account(e.Account, d.name)
	h.account = string(d.name)
	raise(d.beside(e, client, h))
}

// login notes the use of a mail service from outside.
func (d *Detector) login(e *protocols.Login, raise func(detectors.Alert)) {
	client, server := e.Client(), e.Conn.Server.Addr()
	if d.border.Address(client) || !d.border.Address(server) || d.allowed(client) {
		return
	}
	d.name = d.border.Account(e.User, d.name)
	k := service{server, e.Protocol}
	o := d.services.Get(k)
	if o == nil {
		o = d.services.Insert(k)
		*o = outside{}
	}
	n, fresh := o.users.Add(e.Time, int64(24*time.Hour), protocols.NameID(d.name))
	if since := e.Time - o.told; o.told != 0 && (since < int64(time.Hour) || !fresh && since < int64(20*time.Hour)) {
		return // told again once a day, as what goes on
	}
	o.told = e.Time
	al := detectors.Alert{What: "mail_from_outside", Key: "outside " + server.String() + " " + e.Protocol, Score: 0.2, Confidence: e.Confidence,
		Entity: detectors.Entity{Kind: detectors.Server, Name: server.String()}, Techniques: []string{"T1133"}}
	al.Saw(&e.Head)
	al.Related = []detectors.Entity{{Kind: detectors.Host, Name: client.String()}}
	al.Summary = fmt.Sprintf("%s of %s is used from outside, by %s within a day", detectors.ProtocolName(e.Protocol), server, detectors.Plural(uint64(n), "account", "accounts"))
	al.Evidence = []detectors.Measure{{Name: "accounts_from_outside", Seen: float64(n), Unit: "accounts", Text: "last: " + string(d.name) + " from " + client.String()}}
	raise(al)
}
