package sink

import (
	"crypto/tls"
	"net/mail"
	"strconv"
	"strings"
	"time"
)

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
