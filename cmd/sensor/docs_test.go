package main

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mailsensor/detectors/inside"
	"mailsensor/protocols"
)

// everyEvent is one of each type, with something in every field.
func everyEvent() []protocols.Event {
	events := []protocols.Event{
		new(protocols.Login), new(protocols.Message), new(protocols.MailboxRead), new(protocols.MailboxSelect),
		new(protocols.MailboxChange), new(protocols.MailboxSearch), new(protocols.ClientInfo), new(protocols.TLSStart),
		new(protocols.Anomaly), new(protocols.ConnEnd),
		new(protocols.TLSUse), new(protocols.RuleChange), new(protocols.Tunnel), new(protocols.MailOperation),
	}
	for _, ev := range events {
		populate(reflect.ValueOf(ev).Elem())
		ev.Header().Via = &protocols.Via{Kind: "connect", Target: "x", Port: 1, User: "x", Origin: netip.MustParseAddrPort("[::1]:1"), OriginSource: "proxy"}
		ev.Header().Host, ev.Header().Behind = netip.IPv6Loopback(), netip.IPv6Loopback()
	}
	read := events[2].(*protocols.MailboxRead)
	for kind := protocols.ReadWhole; kind <= protocols.ReadIdentity; kind++ {
		item := read.Items[0]
		item.Kind = kind
		read.Items = append(read.Items, item)
	}
	midstream := *events[9].(*protocols.ConnEnd)
	midstream.Conn.Handshake = false
	midstream.Totals.Half[1].Packets = 0
	return append(events, &midstream)
}

func populate(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				populate(f)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			populate(v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		populate(v.Index(0))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("x")
	case reflect.Int64:
		v.SetInt(1)
	case reflect.Pointer: // only how a connection came here, which everyEvent sets
	default:
		v.SetUint(1)
	}
}

// members lists the names in a JSON value, those of objects within included.
func members(v any) (names []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			names = append(append(names, name), members(value)...)
		}
	case []any:
		for _, value := range v {
			names = append(names, members(value)...)
		}
	}
	return names
}

// docs/events.md has a section for each type of event, which names every member
// that the type can have and that not all types have.
func TestEventsAreDocumented(t *testing.T) {
	quoted := regexp.MustCompile("`([a-z0-9_]+)`")
	names := func(text string) (out []string) {
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
		return out
	}
	parts := strings.Split(string(read(t, "../../docs/events.md")), "\n## ")
	common, sections := names(parts[0]), map[string][]string{}
	for _, part := range parts[1:] {
		title, text, _ := strings.Cut(part, "\n")
		sections[strings.Trim(title, "`")] = names(text)
	}
	border := inside.New(inside.Config{})
	for _, ev := range everyEvent() {
		section := sections[ev.Type()]
		if section == nil {
			t.Errorf("no section on %s", ev.Type())
			continue
		}
		var v map[string]any
		if err := json.Unmarshal(border.AppendJSON(nil, ev), &v); err != nil {
			t.Fatalf("%s: %v", ev.Type(), err)
		}
		for _, name := range members(v) {
			if !slices.Contains(common, name) && !slices.Contains(section, name) {
				t.Errorf("the section on %s does not mention %s", ev.Type(), name)
			}
		}
	}
}

// The examples in docs/events.md have the members of real events.
func TestExamplesAreReal(t *testing.T) {
	known := map[string]bool{}
	border := inside.New(inside.Config{})
	for _, ev := range everyEvent() {
		var v any
		if err := json.Unmarshal(border.AppendJSON(nil, ev), &v); err != nil {
			t.Fatal(err)
		}
		for _, name := range members(v) {
			known[name] = true
		}
	}
	n := 0
	for line := range strings.Lines(string(read(t, "../../docs/events.md"))) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		n++
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Errorf("%v in %s", err, line)
		}
		for _, name := range members(v) {
			if !known[name] && name != "cleartext" {
				t.Errorf("no event has %s, as in %s", name, line)
			}
		}
	}
	if n < 10 {
		t.Errorf("%d examples", n)
	}
}
