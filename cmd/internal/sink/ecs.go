package sink

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
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
