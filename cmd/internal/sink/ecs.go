package sink

import (
	"crypto/tls"
	"encoding/json"
	"net/mail"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ecsVersion is the version of the Elastic Common Schema that documents follow.
const ecsVersion = "8.17.0"

// ecs is a document of the Elastic Common Schema: values by the full names of fields.
// docs/sinks.md has the mapping, field by field.
type ecs map[string]any

// set sets a field, unless there is nothing to say.
func (d ecs) set(field string, value any) {
	switch v := value.(type) {
	case string:
		if v == "" {
			return
		}
	case []string:
		if len(v) == 0 {
			return
		}
	case int:
		if v == 0 {
			return
		}
	}
	d[field] = value
}

// add adds to a field of several values.
func (d ecs) add(field string, values ...string) {
	list, _ := d[field].([]string)
	for _, v := range values {
		if v != "" && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	d.set(field, list)
}

// appendJSON appends the document with objects within objects.
func (d ecs) appendJSON(b []byte) []byte {
	root := map[string]any{}
	for name, value := range d {
		m, parts := root, strings.Split(name, ".")
		for _, part := range parts[:len(parts)-1] {
			next, ok := m[part].(map[string]any)
			if !ok {
				next = map[string]any{}
				m[part] = next
			}
			m = next
		}
		m[parts[len(parts)-1]] = value
	}
	text, err := json.Marshal(root)
	if err != nil { // the line that was received is no JSON
		return append(b, "{}"...)
	}
	return append(b, text...)
}

// common makes the document of a line.
func common(l *line, opt Options) ecs {
	d := ecs{}
	d.set("@timestamp", l.when())
	d.set("ecs.version", ecsVersion)
	d.set("event.module", "mailsensor")
	d.set("observer.name", opt.Sensor)
	d.set("observer.product", "mailsensor")
	d.set("observer.type", "sensor")
	d.set("observer.version", opt.Version)
	if l.alert {
		d.alert(l)
		d["mailsensor.alert"] = json.RawMessage(l.raw)
	} else {
		d.event(l)
		d["mailsensor.event"] = json.RawMessage(l.raw)
	}
	return d
}

// flow sets who speaks to whom. Connections are all TCP.
func (d ecs) flow(source string, sourcePort int, destination string, destinationPort int) {
	for i, side := range [...]string{"source", "destination"} {
		address, port := source, sourcePort
		if i == 1 {
			address, port = destination, destinationPort
		}
		a, err := netip.ParseAddr(address)
		if err != nil {
			continue
		}
		text := a.WithZone("").String() // a field of type ip has no zone
		for _, s := range [...]string{side, [...]string{"client", "server"}[i]} {
			d.set(s+".address", address)
			d.set(s+".ip", text)
			d.set(s+".port", port)
		}
		d.add("related.ip", text)
		d["network.type"] = "ipv6"
		if a.Unmap().Is4() {
			d["network.type"] = "ipv4"
		}
	}
	d.set("network.transport", "tcp")
}

// user sets whose account it is.
func (d ecs) user(name string) {
	d.set("user.name", name)
	if at := strings.LastIndexByte(name, '@'); at > 0 {
		d.set("user.email", name)
		d.set("user.domain", name[at+1:])
	}
	d.add("related.user", name)
}

// types are event.category and event.type by the type of an event.
var types = map[string]struct{ category, kind []string }{
	"login":          {[]string{"authentication"}, []string{"start"}},
	"message":        {[]string{"email"}, []string{"info"}},
	"mailbox_read":   {[]string{"email"}, []string{"info"}},
	"mailbox_select": {[]string{"email"}, []string{"info"}},
	"mailbox_change": {[]string{"email"}, []string{"info"}},
	"mailbox_search": {[]string{"email"}, []string{"info"}},
	"client_info":    {[]string{"network"}, []string{"info", "protocol"}},
	"tls":            {[]string{"network"}, []string{"start", "protocol"}},
	"estimate":       {[]string{"email"}, []string{"info"}},
	"rule_change":    {[]string{"configuration", "email"}, []string{"change"}},
	"tunnel":         {[]string{"network"}, []string{"access", "start"}},
	"mail_operation": {[]string{"email", "api"}, []string{"info"}},
	"anomaly":        {[]string{"network"}, []string{"info", "protocol"}},
	"connection":     {[]string{"network"}, []string{"connection", "end"}},
}

// kindOfRule is event.type of a rule_change.
func kindOfRule(l *line) []string {
	switch {
	case l.Removed:
		return []string{"deletion"}
	case l.Listed:
		return []string{"access"}
	case l.Created:
		return []string{"creation"}
	}
	return []string{"change"}
}

func (d ecs) event(l *line) {
	d.set("event.kind", "event")
	d.set("event.action", l.Type)
	d.set("event.category", types[l.Type].category)
	d.set("event.type", types[l.Type].kind)
	if l.Type == "rule_change" {
		d["event.type"] = kindOfRule(l)
	}
	switch l.Outcome {
	case "":
	case "accepted":
		d.set("event.outcome", "success")
	case "rejected":
		d.set("event.outcome", "failure")
	default:
		d.set("event.outcome", "unknown")
	}
	d.flow(l.source(), l.Client.Port, l.Server.Address, l.Server.Port)
	d.set("network.protocol", l.Protocol)
	d.set("network.community_id", l.CommunityID)
	d.user(first(l.Account, l.User))
	d.set("user_agent.original", l.UserAgent)
	if l.Protocol == "http" {
		d.set("http.response.status_code", l.Code)
	}
	switch l.Type {
	case "login":
		d.set("user.domain", l.Domain)
		d.set("source.domain", l.Workstation)
	case "message":
		d.message(l)
	case "tls":
		d.tls(l)
	case "connection":
		d.connection(l)
	case "anomaly":
		d.set("event.code", l.Kind)
		d.set("event.reason", l.Detail)
	case "mail_operation":
		if l.API == "file" {
			d.set("file.name", l.Name)
		}
	}
}

func (d ecs) message(l *line) {
	d.set("email.sender.address", l.From)
	d.set("email.from.address", l.Facts.From)
	d.add("email.to.address", l.to()...)
	d.set("email.subject", l.Facts.Subject)
	d.set("email.message_id", l.Facts.MessageID)
	d.set("email.local_id", l.QueueID)
	d.set("email.x_mailer", l.Facts.UserAgent)
	d.set("event.start", l.Started)
	if t, err := mail.ParseDate(l.Facts.Date); err == nil && t.Year() >= 1970 && t.Year() < 2262 {
		d.set("email.origination_timestamp", t.UTC().Format(time.RFC3339))
	}
	d.add("related.user", l.From)
	d.add("related.user", l.to()...)
	var files []ecs
	for _, a := range l.Facts.Attachments {
		f := ecs{}
		f.set("name", a.Name)
		f.set("mime_type", a.Type)
		f.set("size", a.Size)
		if a.SHA256 != "" {
			f.set("hash", map[string]string{"sha256": a.SHA256})
		}
		files = append(files, ecs{"file": f})
		d.add("related.hash", a.SHA256)
	}
	if files != nil {
		d["email.attachments"] = files
	}
}

func (d ecs) tls(l *line) {
	protocol, version, ok := strings.Cut(l.Version, " ") // as in TLS 1.3
	if ok {
		d.set("tls.version", version)
		d.set("tls.version_protocol", strings.ToLower(protocol))
	}
	if n, err := strconv.ParseUint(l.Cipher, 0, 16); err == nil {
		d.set("tls.cipher", tls.CipherSuiteName(uint16(n)))
	}
	d.set("tls.client.server_name", l.ServerName)
	d.set("destination.domain", l.ServerName)
	d.add("related.hosts", l.ServerName)
	d.set("tls.client.ja3", l.JA3)
	d.set("tls.next_protocol", l.ALPN)
	d["tls.resumed"] = l.Resumed
	d.add("related.hash", l.JA3, l.JA4)
	if len(l.Certificates) > 0 {
		c := l.Certificates[0]
		d.add("tls.server.x509.subject.common_name", c.Subject)
		d.add("tls.server.x509.issuer.common_name", c.Issuer)
		d.set("tls.server.x509.alternative_names", c.Names)
		d.set("tls.server.hash.sha256", strings.ToUpper(c.SHA256))
	}
}

func (d ecs) connection(l *line) {
	d.set("event.start", l.First)
	d.set("event.end", l.Last)
	start, err1 := time.Parse(time.RFC3339Nano, l.First)
	end, err2 := time.Parse(time.RFC3339Nano, l.Last)
	if err1 == nil && err2 == nil {
		d["event.duration"] = end.Sub(start).Nanoseconds()
	}
	d.set("event.reason", l.End)
	out, back := halfOf(l.ToServer), halfOf(l.ToClient)
	d["source.bytes"], d["source.packets"] = out.Bytes, out.Packets
	d["destination.bytes"], d["destination.packets"] = back.Bytes, back.Packets
	d["network.bytes"], d["network.packets"] = out.Bytes+back.Bytes, out.Packets+back.Packets
}

func (d ecs) alert(l *line) {
	d.set("event.kind", "alert")
	d.set("event.category", []string{"intrusion_detection"})
	d.set("event.type", []string{"info"})
	d.set("event.action", l.What)
	d.set("event.code", l.Detector+":"+l.What)
	d.set("event.id", l.ID)
	d.set("event.start", l.First)
	d.set("event.end", l.Last)
	d.set("event.severity", cefSeverity[l.Severity])
	d["event.risk_score"] = l.Score * 100
	d.set("event.reason", l.Summary)
	d.set("message", l.Summary)
	d.set("rule.name", l.Detector+" "+l.What)
	d.set("rule.category", l.Detector)
	d.set("rule.ruleset", "mailsensor")
	for i, f := range l.Flows {
		client, _ := netip.ParseAddrPort(f.Client) // the zero address is left out
		server, _ := netip.ParseAddrPort(f.Server)
		if i == 0 {
			d.flow(client.Addr().String(), int(client.Port()), server.Addr().String(), int(server.Port()))
			d.set("network.protocol", f.Protocol)
		}
		for _, a := range [...]netip.Addr{client.Addr(), server.Addr()} {
			if a.IsValid() {
				d.add("related.ip", a.WithZone("").String())
			}
		}
		d.add("network.community_id", f.CommunityID)
	}
	d.user(first(l.names("account sender ")...))
	d.add("related.user", l.names("account sender target ")...)
	d.add("related.hosts", l.names("domain ")...)
	for _, name := range l.names("host server ") {
		if a, err := netip.ParseAddr(name); err == nil {
			d.add("related.ip", a.WithZone("").String())
		}
	}
	for _, t := range l.Techniques {
		technique, _, sub := strings.Cut(t, ".")
		d.set("threat.framework", "MITRE ATT&CK")
		d.add("threat.technique.id", technique)
		if sub {
			d.add("threat.technique.subtechnique.id", t)
		}
	}
}
