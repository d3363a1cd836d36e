package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Captures that other projects test with, and what Suricata, Zeek and tshark say
// about them. MAILSENSOR_CORPUS names their folder. Where the sensor says
// something else, docs/conformance.md has a line that says why: a difference
// without a line fails, and so does a line without a difference.
func TestConformance(t *testing.T) {
	dir := os.Getenv("MAILSENSOR_CORPUS")
	if dir == "" {
		t.Skip("MAILSENSOR_CORPUS is not set: the captures of other projects are not walked")
	}
	explained := explanations(t)
	table, err := os.ReadFile(filepath.Join(dir, "facts.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, line := range strings.Split(strings.TrimSpace(string(table)), "\n")[1:] {
		columns := strings.Split(line, "\t")
		t.Run(columns[0], func(t *testing.T) {
			own := sensorFacts(t, filepath.Join(dir, columns[0]))
			for _, d := range differences(columns, own, &compared) {
				if key := columns[0] + " | " + d; explained[key] {
					delete(explained, key)
				} else {
					t.Errorf("| %s | ", key)
				}
			}
		})
	}
	for key := range explained {
		t.Errorf("docs/conformance.md explains what is no difference: %s", key)
	}
	if compared < 300 {
		t.Errorf("only %d facts were compared", compared)
	}
}

// differences lists what one of the witnesses says and the sensor does not, and
// what the sensor alone says.
func differences(columns []string, own []string, compared *int) (out []string) {
	said := map[string]bool{}
	for _, w := range witnesses {
		column := ""
		if len(columns) > w.column {
			column = columns[w.column]
		}
		facts := distinct(w.facts(column))
		*compared += len(facts)
		for _, f := range facts {
			said[f] = true
			if !slices.Contains(own, f) {
				out = append(out, w.name+" | "+f)
			}
		}
	}
	for _, f := range own {
		if !said[f] && !unsaid(f, columns) {
			out = append(out, "sensor | "+f)
		}
	}
	return out
}

// unsaid are facts that witnesses state only now and then: the number of packets is
// missing of a broken file, and a queue id is read of one wording of the reply.
func unsaid(fact string, columns []string) bool {
	return strings.HasPrefix(fact, "packets ") && columns[3] == "?" || strings.HasPrefix(fact, "queued as ")
}

// distinct leaves out repeats, and numbers those of messages: each is one.
func distinct(facts []string) []string {
	seen := map[string]int{}
	var out []string
	for _, f := range facts {
		switch seen[f]++; {
		case seen[f] == 1:
			out = append(out, f)
		case strings.HasPrefix(f, "message "):
			out = append(out, fmt.Sprintf("%s (%d)", f, seen[f]))
		}
	}
	return out
}

// explanations reads the rows of docs/conformance.md: file, who says it, what, why.
func explanations(t *testing.T) map[string]bool {
	t.Helper()
	b, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, line := range strings.Split(string(b), "\n") {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 4 || cells[0] == "| file" {
			continue
		}
		if why := strings.TrimSuffix(cells[3], " |"); len(why) < 10 {
			t.Errorf("docs/conformance.md: no reason in %q", line)
		}
		for _, who := range strings.Split(cells[1], ", ") {
			out[strings.TrimPrefix(cells[0], "| ")+" | "+who+" | "+cells[2]] = true
		}
	}
	return out
}

// sensorFacts replays a capture, and says of it what witnesses could say.
func sensorFacts(t *testing.T, file string) (facts []string) {
	t.Helper()
	events := filepath.Join(t.TempDir(), "events")
	var out, errs bytes.Buffer
	if code := run([]string{"replay", "--json", "--quiet", "--events", events, file}, nil, &out, &errs); code != 0 && code != exitBad {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	var doc document
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	facts = append(facts, fmt.Sprintf("packets %d", doc.Capture.Packets))
	for kind, name := range map[string]string{"vxlan": "vxlan", "geneve": "geneve", "gre": "gre", "erspan": "gre", "ip_in_ip": "ip", "gtp_u": "gtpv1"} {
		if doc.Capture.Decode["encapsulated_"+kind] > 0 {
			facts = append(facts, "carried "+name)
		}
	}
	return distinct(append(facts, eventFacts(t, read(t, events))...))
}

// conformanceEvent is what of an event is compared.
type conformanceEvent struct {
	Type, Protocol, Helo, From, Command string
	Kind, Target                        string
	Port, Requests                      int
	StartTLS                            bool
	RemoteAccess                        string `json:"remote_access"`
	Via                                 struct{ Kind string }
	ServerName                          string `json:"server_name"`
	QueueID                             string `json:"queue_id"`
	Recipients                          []struct{ Address string }
	Facts                               struct{ Attachments []struct{ Name string } }
	Items                               []struct {
		Kind  string
		Items int
	}
}

func eventFacts(t *testing.T, lines []byte) (facts []string) {
	t.Helper()
	connections, counts := map[string]int{}, map[string]int{}
	for _, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
		var ev conformanceEvent
		if err := json.Unmarshal(line, &ev); err != nil && len(line) > 0 {
			t.Fatalf("%v: %s", err, line)
		}
		switch ev.Type {
		case "connection":
			if ev.Via.Kind == "connect" { // the witnesses go by what it was at first
				ev.Protocol = "http"
			}
			connections[ev.Protocol]++
			if ev.RemoteAccess != ev.Protocol {
				connections[ev.RemoteAccess]++
			}
			counts["http requests"] += ev.Requests
		case "message":
			var rcpt []string
			for _, r := range ev.Recipients {
				rcpt = append(rcpt, r.Address)
			}
			facts = append(facts, messageFact(ev.Helo, ev.From, rcpt))
			if ev.QueueID != "" {
				facts = append(facts, "queued as "+ev.QueueID)
			}
			for _, a := range ev.Facts.Attachments {
				if a.Name != "" {
					facts = append(facts, "attachment "+a.Name)
				}
			}
		case "login":
			counts[ev.Protocol+" logins"]++
		case "mailbox_read":
			for _, item := range ev.Items {
				if ev.Protocol == "pop3" && item.Kind != "identity" {
					counts["pop3 "+ev.Command] += item.Items
				}
			}
		case "tls":
			if ev.ServerName != "" {
				facts = append(facts, "sni "+ev.ServerName)
			}
			if ev.StartTLS {
				facts = append(facts, "starttls")
			}
		case "tunnel":
			if ev.Kind == "connect" {
				counts["connects"]++
				facts = append(facts, "carried http", fmt.Sprintf("connect %s:%d", ev.Target, ev.Port))
			} else {
				facts = append(facts, "carried socks")
			}
		}
	}
	for _, name := range []string{"imap logins", "pop3 logins", "pop3 RETR", "pop3 TOP", "connects", "http requests"} {
		facts = append(facts, countFact(name, counts[name])...)
	}
	return append(facts, connectionFacts(connections)...)
}
