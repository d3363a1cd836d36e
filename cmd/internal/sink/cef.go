package sink

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// cefSeverity are those of CEF, 0 to 10, by those of alerts. Events have 1, anomalies
// 3.
var cefSeverity = map[string]int{"info": 1, "low": 3, "medium": 6, "high": 8, "critical": 10}

// appendCEF appends a line as ArcSight's Common Event Format (CEF:0). docs/sinks.md
// has the mapping.
func appendCEF(b []byte, l *line, opt Options) []byte {
	id, name, severity := l.Type, strings.ReplaceAll(l.Type, "_", " "), 1
	if l.alert {
		id, name, severity = l.Detector+":"+l.What, l.Summary, cefSeverity[l.Severity]
	} else if l.Type == "anomaly" {
		id, severity = l.Type+":"+l.Kind, 3
	}
	b = append(b, "CEF:0|mailsensor|sensor"...)
	for _, field := range [...]string{opt.Version, id, name, strconv.Itoa(severity)} {
		b = append(b, '|')
		b = appendCEFHeader(b, cut(field, 512))
	}
	b = append(b, '|')
	e := extension{b: b, first: true}
	e.time("rt", l.when())
	e.add("dvchost", opt.Sensor, 100)
	e.add("app", l.Protocol, 31)
	if l.alert {
		e.alert(l)
	} else {
		e.event(l)
	}
	return e.b
}

// extension is the last part of a line of CEF: KEY=VALUE, divided by spaces.
type extension struct {
	b     []byte
	first bool
}

// add appends a value that is not empty, at most so many octets of it.
func (e *extension) add(key, value string, most int) {
	if value == "" {
		return
	}
	if !e.first {
		e.b = append(e.b, ' ')
	}
	e.first = false
	e.b = append(append(e.b, key...), '=')
	e.b = appendCEFValue(e.b, cut(value, most))
}

// labelled appends one of CEF's own fields, which say in another what they mean.
func (e *extension) labelled(key, label, value string, most int) {
	if value != "" {
		e.add(key+"Label", label, most)
		e.add(key, value, most)
	}
}

func (e *extension) number(key string, n int64) { e.add(key, strconv.FormatInt(n, 10), 20) }

// time appends milliseconds since 1970.
func (e *extension) time(key, text string) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		e.number(key, t.UnixMilli())
	}
}

// address appends an IPv4 address where CEF has it, or an IPv6 address where that is.
func (e *extension) address(key, key6, label, text string) {
	a, err := netip.ParseAddr(text)
	switch {
	case err != nil:
	case a.Unmap().Is4():
		e.add(key, a.Unmap().String(), 15)
	default:
		e.labelled(key6, label, a.WithZone("").String(), 45)
	}
}

func (e *extension) ends(source string, sourcePort int, destination string, destinationPort int) {
	e.address("src", "c6a2", "Source IPv6 Address", source)
	e.address("dst", "c6a3", "Destination IPv6 Address", destination)
	if sourcePort > 0 {
		e.number("spt", int64(sourcePort))
	}
	if destinationPort > 0 {
		e.number("dpt", int64(destinationPort))
	}
	e.add("proto", "TCP", 31)
}

func (e *extension) event(l *line) {
	e.ends(l.source(), l.Client.Port, l.Server.Address, l.Server.Port)
	e.add("cat", l.Type, 1023)
	account := l.Account
	if account == "" {
		account = l.User
	}
	e.add("suser", account, 1023)
	e.add("shost", l.Workstation, 1023)
	e.add("act", first(l.Command, l.Operation, l.Mechanism, l.Kind), 63)
	e.add("outcome", l.Outcome, 63)
	if l.Code > 0 {
		e.add("reason", strconv.Itoa(l.Code), 1023)
	}
	e.add("requestClientApplication", first(l.UserAgent, l.Facts.UserAgent), 1023)
	e.add("duser", strings.Join(l.to(), ", "), 1023)
	if l.Type == "connection" {
		e.time("start", l.First)
		e.time("end", l.Last)
		e.number("in", halfOf(l.ToServer).Bytes)
		e.number("out", halfOf(l.ToClient).Bytes)
	}
	var file attachment
	if len(l.Facts.Attachments) > 0 {
		file = l.Facts.Attachments[0]
	} else if l.API == "file" {
		file.Name = l.Name
	}
	e.add("fname", file.Name, 1023)
	e.add("fileType", file.Type, 1023)
	e.add("fileHash", file.SHA256, 255)
	if file.Size > 0 {
		e.number("fsize", file.Size)
	}
	e.labelled("cs1", "Community ID", l.CommunityID, 4000)
	e.labelled("cs2", "Confidence", l.Confidence, 4000)
	e.labelled("cs3", "Mailbox", l.Mailbox, 4000)
	e.labelled("cs4", "Envelope sender", l.From, 4000)
	e.labelled("cs5", "Subject", l.Facts.Subject, 4000)
	e.labelled("cs6", "JA4", l.JA4, 4000)
	e.add("destinationDnsDomain", l.ServerName, 255)
	if l.Size != nil {
		e.add("cn1Label", "Message size", 1023)
		e.number("cn1", *l.Size)
	}
	if l.Connection != nil {
		e.add("cn2Label", "Connection", 1023)
		e.number("cn2", *l.Connection)
	}
	e.add("msg", l.Detail, 1023)
}

func (e *extension) alert(l *line) {
	if len(l.Flows) > 0 {
		f := l.Flows[0]
		client, _ := netip.ParseAddrPort(f.Client) // the zero address is left out
		server, _ := netip.ParseAddrPort(f.Server)
		e.add("app", f.Protocol, 31)
		e.ends(client.Addr().String(), int(client.Port()), server.Addr().String(), int(server.Port()))
		defer e.labelled("cs1", "Community ID", f.CommunityID, 4000)
	}
	e.add("externalId", l.ID, 40)
	e.add("cat", l.Detector, 1023)
	e.add("suser", first(l.names("account sender ")...), 1023)
	e.time("start", l.First)
	e.time("end", l.Last)
	e.add("msg", l.Summary, 1023)
	e.labelled("cs2", "Confidence", l.Confidence, 4000)
	e.labelled("cs3", "ATT&CK techniques", strings.Join(l.Techniques, " "), 4000)
	e.labelled("cs4", "Entity", l.Entity.Kind+" "+l.Entity.Name, 4000)
	var evidence []string
	for _, m := range l.Evidence {
		if m.Text != "" {
			evidence = append(evidence, m.Text)
		}
	}
	e.labelled("cs5", "Evidence", strings.Join(evidence, "; "), 4000)
	e.labelled("cfp1", "Score", strconv.FormatFloat(l.Score, 'g', 4, 64), 20)
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// cut shortens text to so many octets, at a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// appendCEFHeader escapes pipe and backslash; a header has one line.
func appendCEFHeader(b []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '|' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == 0x7f:
			b = append(b, ' ')
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// appendCEFValue escapes equals sign and backslash, and ends of lines as \n and \r.
func appendCEFValue(b []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '=' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r < ' ' || r == 0x7f:
			b = append(b, ' ')
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
