package login

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// server is what is known of how people log in at one.
type server struct {
	secured uint64     // connections that turned to TLS
	clear   uint64     // logins with a password in clear text
	users   window.Set // accounts with such logins, over a day
	told    int64      // when that was last told
}

func (d *Detector) server(addr netip.Addr) *server {
	s := d.servers.Get(addr)
	if s == nil {
		s = d.servers.Insert(addr)
		*s = server{}
	}
	return s
}

// secure notes a server whose connections turn to TLS.
func (d *Detector) secure(e *protocols.TLSStart) {
	if e.StartTLS {
		d.server(e.Conn.Server.Addr()).secured++
	}
}

// trusted is how many sessions behind STARTTLS make one without strange.
const trusted = 20

// exposed is about a password that went over the wire in clear text.
func (d *Detector) exposed(e *protocols.Login, raise func(detectors.Alert)) {
	if !plain(e.Mechanism) || e.Form != protocols.Cleartext {
		return
	}
	addr := e.Conn.Server.Addr()
	s := d.server(addr)
	s.clear++
	n, fresh := s.users.Add(e.Time, int64(24*time.Hour), protocols.NameID(d.name))
	if s.secured >= trusted && s.clear*20 <= s.secured {
		al := alert(e, "tls_downgrade", addr.String()+" "+string(d.name), detectors.Entity{Kind: detectors.Account, Name: string(d.name)}, 0.55, "T1557")
		al.Related = []detectors.Entity{{Kind: detectors.Server, Name: addr.String()}, {Kind: detectors.Host, Name: e.Client().String()}}
		al.Summary = fmt.Sprintf("%s logged in at %s without TLS, which %d sessions there used before", d.name, addr, s.secured)
		al.Evidence = []detectors.Measure{{Name: "clear_text_logins", Seen: float64(s.clear), Expected: detectors.Value(0), Unit: "logins",
			Text: fmt.Sprintf("%d logins in clear text beside %d sessions with STARTTLS", s.clear, s.secured)}}
		raise(al)
	}
	if since := e.Time - s.told; since < int64(time.Hour) || !fresh && since < int64(20*time.Hour) {
		return // told again once a day, as what goes on
	}
	s.told = e.Time
	al := alert(e, "clear_text_password", addr.String()+" "+e.Protocol, detectors.Entity{Kind: detectors.Server, Name: addr.String()}, 0.3, "T1040")
	al.Summary = fmt.Sprintf("passwords for %s go to %s in clear text (%s within a day)", detectors.ProtocolName(e.Protocol), addr, detectors.Plural(uint64(n), "account", "accounts"))
	al.Evidence = []detectors.Measure{{Name: "accounts_in_clear_text", Seen: float64(n), Unit: "accounts", Text: detectors.Plural(uint64(n), "account", "accounts") + " within a day"}}
	raise(al)
}

// plain reports whether a mechanism shows the password to whoever listens.
func plain(mechanism string) bool {
	switch mechanism {
	case "LOGIN", "PLAIN", "USER", "BASIC", "Basic":
		return true
	}
	return false
}

// anomaly is about TLS that somebody on the way took away, or wrote into.
func (d *Detector) anomaly(e *protocols.Anomaly, raise func(detectors.Alert)) {
	var what, text string
	score := 0.6
	switch {
	case strings.HasSuffix(e.Kind, "_starttls_stripped"):
		what, text = "starttls_stripped", "somebody on the way took STARTTLS out of what the server offered"
	case strings.HasSuffix(e.Kind, "_starttls_injection"):
		what, text, score = "starttls_injection", "octets were slipped in before TLS began", 0.55
	default:
		return
	}
	addr := e.Conn.Server.Addr().String()
	al := detectors.Alert{What: what, Key: what + " " + addr, Entity: detectors.Entity{Kind: detectors.Server, Name: addr}, Score: score,
		Techniques: []string{"T1557"}, Confidence: e.Confidence}
	al.Saw(&e.Head)
	al.Related = []detectors.Entity{{Kind: detectors.Host, Name: e.Client().String()}}
	al.Summary = fmt.Sprintf("%s and %s: %s", e.Client(), addr, text)
	al.Evidence = []detectors.Measure{{Name: e.Kind, Seen: 1, Expected: detectors.Value(0), Text: text}}
	raise(al)
}
