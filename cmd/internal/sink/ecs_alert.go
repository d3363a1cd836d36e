package sink

import (
	"net/netip"
	"strings"
)

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
