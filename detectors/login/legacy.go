package login

import (
	"fmt"
	"strings"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// legacy is the use of one old mechanism at a server.
type legacy struct {
	users window.Set
	told  int64
}

// challenge reports whether a mechanism hides the password by an exchange that whoever
// listened can guess it from: APOP (RFC 1939), CRAM-MD5 (RFC 2195), DIGEST-MD5 (RFC
// 2831, withdrawn by RFC 6331) and its form for HTTP, NTLM.
func challenge(mechanism string) bool {
	switch strings.ToUpper(mechanism) {
	case "APOP", "CRAM-MD5", "DIGEST-MD5", "DIGEST", "NTLM":
		return true
	}
	return false
}

// outdated is about logins by such a mechanism, without TLS around it.
func (d *Detector) outdated(e *protocols.Login, raise func(detectors.Alert)) {
	if !challenge(e.Mechanism) || e.Form != protocols.Cleartext {
		return
	}
	addr := e.Conn.Server.Addr().String()
	mechanism := strings.ToUpper(e.Mechanism)
	key := addr + " " + e.Protocol + " " + mechanism
	l := d.legacy.Get(key)
	if l == nil {
		l = d.legacy.Insert(key)
		*l = legacy{}
	}
	n, fresh := l.users.Add(e.Time, int64(24*time.Hour), protocols.NameID(d.name))
	if since := e.Time - l.told; since < int64(time.Hour) || !fresh && since < int64(20*time.Hour) {
		return // told again once a day, as what goes on
	}
	l.told = e.Time
	al := alert(e, "legacy_authentication", key, detectors.Entity{Kind: detectors.Server, Name: addr}, 0.2, "T1040", "T1110.002")
	al.Related = []detectors.Entity{{Kind: detectors.Host, Name: e.Client().String()}}
	al.Summary = fmt.Sprintf("%s logins at %s use %s, from which whoever listens can guess passwords (%s within a day)",
		detectors.ProtocolName(e.Protocol), addr, mechanism, detectors.Plural(uint64(n), "account", "accounts"))
	al.Evidence = []detectors.Measure{{Name: "accounts_by_legacy_mechanism", Seen: float64(n), Unit: "accounts",
		Text: fmt.Sprintf("%s by %s within a day", detectors.Plural(uint64(n), "account", "accounts"), mechanism)}}
	raise(al)
}
