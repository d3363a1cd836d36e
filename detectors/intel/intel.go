// Package intel compares what is seen with lists of what is known to be bad, which
// the user supplies as files: addresses and networks, domains, mail addresses, hosts
// of URLs, SHA-256 of attachments, JA3 and JA4 of TLS clients, names of NTLM
// workstations. Nothing is looked up over the network.
//
// It finds: an indicator in the source or target of a connection that means
// something (a login, a message, a tunnel, a handshake, a rule), in envelopes and
// headers, in attachments, and in the hosts of links in the text of messages. And workstation names that attack tools give
// themselves, without any list.
//
// It misses: what no list has; links in the text of messages that did not come over
// SMTP, whose host is written in other letters (HTML entities, percent signs, UTF-16),
// or that name no scheme; what a URL has behind its host.
package intel

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"mailsensor/detectors"
	"mailsensor/detectors/address"
	"mailsensor/protocols"
)

// Config holds what can be chosen. Default gives what is shipped.
type Config struct {
	Score float64 `yaml:"score"` // of a match
}

// Default returns what is shipped.
func Default() Config { return Config{Score: 0.8} }

// Detector is the detector.
type Detector struct {
	config  Config
	lists   *Lists
	lower   []byte
	mailbox []byte
}

// New returns a Detector; lists may be nil.
func New(c Config, lists *Lists) *Detector {
	d := &Detector{config: c}
	d.Use(lists)
	return d
}

// Use takes other lists, as after a file was changed.
func (d *Detector) Use(lists *Lists) {
	if lists == nil {
		lists = new(Lists)
	}
	d.lists = lists
}

// Name implements detectors.Detector.
func (*Detector) Name() string { return "intel" }

// Tick implements detectors.Detector. Everything here is decided by events.
func (d *Detector) Tick(int64, func(detectors.Alert)) {}

// Observe implements detectors.Detector.
func (d *Detector) Observe(ev protocols.Event, raise func(detectors.Alert)) {
	h := ev.Header()
	switch e := ev.(type) {
	case *protocols.Login:
		d.tool(e, raise)
		d.ends(h, "login", raise)
		d.word(h, "login", Workstation, e.Workstation, raise)
	case *protocols.Message:
		d.ends(h, "message", raise)
		d.message(e, raise)
	case *protocols.TLSStart:
		d.ends(h, "handshake", raise)
		d.host(h, "handshake", e.ServerName, raise)
		d.word(h, "handshake", JA3, e.JA3, raise)
		d.word(h, "handshake", JA4, e.JA4, raise)
	case *protocols.Tunnel:
		d.ends(h, "tunnel", raise)
		d.host(h, "tunnel", e.Target, raise)
	case *protocols.RuleChange:
		d.ends(h, "rule", raise)
		for i := range e.Actions {
			d.address(h, "rule", e.Actions[i].Target, raise)
		}
	case *protocols.MailOperation:
		d.ends(h, "mail operation", raise)
	case *protocols.MailboxRead:
		d.ends(h, "download", raise)
	case *protocols.ConnEnd:
		if e.Remote != "" {
			d.ends(h, "remote access", raise)
			d.host(h, "remote access", e.Service, raise)
		}
	}
}

func (d *Detector) message(e *protocols.Message, raise func(detectors.Alert)) {
	h := &e.Head
	d.address(h, "message", e.From, raise)
	for i := range e.Recipients {
		d.address(h, "message", e.Recipients[i].Address, raise)
	}
	for _, list := range [...][][]byte{e.Facts.From, e.Facts.To} {
		for _, a := range list {
			d.address(h, "message", a, raise)
		}
	}
	d.address(h, "message", e.Facts.ResentFrom, raise)
	d.address(h, "message", e.Facts.ForwardedTo, raise)
	d.host(h, "message", e.Helo, raise)
	for _, host := range e.Facts.LinkHosts {
		d.host(h, "link in a message", host, raise)
	}
	if d.lists.has(SHA256) {
		for i := range e.Facts.Attachments {
			if a := &e.Facts.Attachments[i]; a.Hashed {
				d.word(h, "attachment", SHA256, fmt.Appendf(nil, "%x", a.SHA256), raise)
			}
		}
	}
}

// ends looks up the addresses of both ends.
func (d *Detector) ends(h *protocols.Head, where string, raise func(detectors.Alert)) {
	if len(d.lists.addresses) == 0 && len(d.lists.prefixes) == 0 {
		return
	}
	for _, a := range [...]netip.Addr{h.Client(), h.Conn.Server.Addr()} {
		if in, ok := d.lists.address(a); ok {
			raise(d.match(h, where, in, a.String()))
		}
	}
}

// address looks up a mail address, however it is written, and its domain; also the one
// that it asks its domain to send on to.
func (d *Detector) address(h *protocols.Head, where string, a []byte, raise func(detectors.Alert)) {
	if len(a) == 0 || !d.lists.has(Email) && !d.lists.has(Domain) && len(d.lists.addresses) == 0 && len(d.lists.prefixes) == 0 {
		return
	}
	d.mailbox = address.Append(d.mailbox[:0], a)
	on := address.Route(d.mailbox)
	d.word(h, where, Email, address.Untagged(d.mailbox), raise)
	if at := bytes.LastIndexByte(d.mailbox, '@'); at >= 0 {
		d.host(h, where, d.mailbox[at+1:], raise)
	}
	if on != "" {
		d.address(h, where, []byte(on), raise)
	}
}

// host looks up a domain, and those it is part of.
func (d *Detector) host(h *protocols.Head, where string, name []byte, raise func(detectors.Alert)) {
	if len(name) == 0 {
		return
	}
	if a, ok := literal(name); ok {
		if in, ok := d.lists.address(a); ok {
			raise(d.match(h, where, in, a.String()))
		}
		return
	}
	if !d.lists.has(Domain) {
		return
	}
	d.lower = append(d.lower[:0], bytes.TrimRight(bytes.ToLower(name), ".")...)
	if slices.ContainsFunc(d.lower, func(c byte) bool { return c >= utf8.RuneSelf }) {
		d.lower = append(d.lower[:0], ascii(string(d.lower))...)
	}
	for n := d.lower; len(n) > 0; {
		if in, ok := d.lists.word(Domain, n); ok {
			raise(d.match(h, where, in, string(d.lower)))
			return
		}
		dot := bytes.IndexByte(n, '.')
		if dot < 0 {
			return
		}
		n = n[dot+1:]
	}
}

// literal is the address that stands where a name could: as it is, with a port, or
// in the brackets of mail (RFC 5321, section 4.1.3).
func literal(name []byte) (a netip.Addr, ok bool) {
	if len(name) > 64 || name[0] != '[' && (name[0] < '0' || name[0] > '9') && bytes.IndexByte(name, ':') < 0 {
		return a, false
	}
	s := strings.ToLower(string(name))
	if p, err := netip.ParseAddrPort(s); err == nil {
		return p.Addr(), true
	}
	s = strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), "ipv6:")
	a, err := netip.ParseAddr(s)
	return a, err == nil
}

func (d *Detector) word(h *protocols.Head, where string, kind Kind, w []byte, raise func(detectors.Alert)) {
	if len(w) == 0 || !d.lists.has(kind) {
		return
	}
	d.lower = append(d.lower[:0], bytes.ToLower(w)...)
	if in, ok := d.lists.word(kind, d.lower); ok {
		raise(d.match(h, where, in, string(d.lower)))
	}
}

func (d *Detector) match(h *protocols.Head, where string, in Indicator, seen string) detectors.Alert {
	al := detectors.Alert{What: "indicator", Key: string(in.Kind) + " " + in.Value + " " + h.Client().String(), Score: d.config.Score, Confidence: protocols.Exact,
		Entity: detectors.Entity{Kind: detectors.Host, Name: h.Client().String()}, Techniques: in.Techniques}
	if len(al.Techniques) == 0 {
		al.Techniques = []string{"T1114"}
	}
	al.Saw(h)
	if len(h.Account) > 0 {
		al.Related = []detectors.Entity{{Kind: detectors.Account, Name: strings.ToLower(string(h.Account))}}
	}
	al.Summary = fmt.Sprintf("%s: the %s of a %s, %s, is on the list %q", h.Client(), in.Kind, where, seen, in.List)
	if in.Note != "" {
		al.Summary += " (" + in.Note + ")"
	}
	al.Evidence = []detectors.Measure{{Name: "indicator", Seen: 1, Expected: detectors.Value(0), Text: fmt.Sprintf("%s %s, list %q", in.Kind, in.Value, in.List)}}
	return al
}

// tools are the names that attack tools put where a Windows client puts its own.
var tools = map[string]string{"RULER": "Ruler, which plants rules and forms in Exchange mailboxes"}

func (d *Detector) tool(e *protocols.Login, raise func(detectors.Alert)) {
	what, ok := tools[strings.ToUpper(string(e.Workstation))]
	if !ok {
		return
	}
	al := detectors.Alert{What: "attack_tool", Key: "tool " + string(e.Workstation) + " " + e.Client().String(), Score: 0.92, Confidence: e.Confidence,
		Entity: detectors.Entity{Kind: detectors.Host, Name: e.Client().String()}, Techniques: []string{"T1114.002", "T1137.005"}}
	al.Saw(&e.Head)
	if len(e.User) > 0 {
		al.Related = []detectors.Entity{{Kind: detectors.Account, Name: strings.ToLower(string(e.User))}}
	}
	al.Summary = fmt.Sprintf("%s calls itself %s as a workstation: %s", e.Client(), e.Workstation, what)
	al.Evidence = []detectors.Measure{{Name: "workstation", Seen: 1, Expected: detectors.Value(0), Text: string(e.Workstation)}}
	raise(al)
}
