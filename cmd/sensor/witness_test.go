package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What other programs said about a capture of the corpus, as facts that the sensor
// can state as well. A fact is a line of text; equal lines are equal facts.

// witness is a column of the corpus' facts.tsv.
type witness struct {
	name   string
	column int
	facts  func(column string) []string
}

var witnesses = []witness{
	{"index", 3, indexFacts},
	{"suricata", 5, suricataFacts},
	{"zeek", 6, zeekFacts},
	{"tshark", 7, tsharkFacts},
}

func indexFacts(column string) []string {
	if column == "?" {
		return nil
	}
	return []string{"packets " + column}
}

func suricataFacts(column string) (facts []string) {
	count := map[string]int{}
	for name, n := range numbered(member(column, "flows")) {
		if now, first, upgraded := strings.Cut(name, "<"); upgraded {
			name = first
			if now == "tls" && first != "http" {
				facts = append(facts, "starttls")
			}
		}
		count[name] += n
	}
	facts = append(facts, connectionFacts(count)...)
	facts = append(facts, messageFacts(column)...)
	for _, m := range braces.FindAllStringSubmatch(column, -1) {
		if att := attribute(m[2], "att"); m[1] == "smtp" && att != "" {
			for _, name := range strings.Split(att, "|") {
				facts = append(facts, "attachment "+name)
			}
		}
	}
	requests := numbered(member(column, "http"))
	facts = append(facts, countFact("connects", requests["CONNECT"])...)
	all := 0
	for _, n := range requests {
		all += n
	}
	facts = append(facts, countFact("http requests", all)...)
	return append(facts, nameFacts(member(column, "tls"))...)
}

func zeekFacts(column string) (facts []string) {
	count := map[string]int{}
	for _, c := range zeekServices.FindAllStringSubmatch(member(column, "conn"), -1) {
		services := strings.Split(c[1], ",")
		n, _ := strconv.Atoi(c[2])
		for _, name := range []string{"smtp", "imap", "pop3", "http", "ssh"} {
			if slices.Contains(services, name) {
				count[name] += n
			}
		}
		if slices.Equal(services, []string{"ssl"}) {
			count["tls"] += n
		}
	}
	facts = append(connectionFacts(count), messageFacts(column)...)
	for _, m := range braces.FindAllStringSubmatch(column, -1) {
		switch m[1] {
		case "ssl":
			if _, name, _ := strings.Cut(m[2], ","); name != "-" && name != "" {
				facts = append(facts, "sni "+name)
			}
		case "smtp":
			if m := queued.FindStringSubmatch(attribute(m[2], "last")); m != nil {
				facts = append(facts, "queued as "+m[1])
			}
			if slices.Contains(strings.Split(m[2], ";"), "tls") {
				facts = append(facts, "starttls")
			}
		case "http":
			facts = append(facts, "connect "+strings.TrimPrefix(m[2], "CONNECT "))
		}
	}
	for _, m := range zeekTunnels.FindAllStringSubmatch(column, -1) {
		facts = append(facts, "carried "+strings.ToLower(m[1]))
	}
	return facts
}

func tsharkFacts(column string) (facts []string) {
	pop := numbered(member(column, "pop_cmd"))
	for name, n := range map[string]int{"imap logins": numbered(member(column, "imap_cmd"))["LOGIN"],
		"pop3 logins": pop["PASS"] + pop["APOP"] + pop["AUTH"], "pop3 RETR": pop["RETR"], "pop3 TOP": pop["TOP"]} {
		facts = append(facts, countFact(name, n)...)
	}
	if n := member(column, "http_connect"); n != "" {
		facts = append(facts, "connects "+n)
	}
	return append(facts, nameFacts(member(column, "client_hello"))...)
}

var (
	braces       = regexp.MustCompile(`(\w+)\{([^}]*)\}`)
	zeekServices = regexp.MustCompile(`([-a-z0-9_,]*?):(\d+),?`)
	zeekTunnels  = regexp.MustCompile(`Tunnel::(\w+)`)
	queued       = regexp.MustCompile(`queued as (\w+)`)
	names        = regexp.MustCompile(`\((.*)\)`)
)

// member is the value of name=value in a column. The values read here hold no
// spaces.
func member(column, name string) string {
	for _, m := range strings.Fields(column) {
		if value, ok := strings.CutPrefix(m, name+"="); ok {
			return value
		}
	}
	return ""
}

// numbered reads a:1,b:2.
func numbered(list string) map[string]int {
	out := map[string]int{}
	for _, m := range strings.Split(list, ",") {
		if i := strings.LastIndexByte(m, ':'); i > 0 {
			n, _ := strconv.Atoi(m[i+1:])
			out[m[:i]] += n
		}
	}
	return out
}

func nameFacts(value string) (facts []string) {
	if m := names.FindStringSubmatch(value); m != nil {
		for _, name := range strings.Split(m[1], ",") {
			if name != "-" {
				facts = append(facts, "sni "+name)
			}
		}
	}
	return facts
}

func countFact(name string, n int) []string {
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s %d", name, n)}
}

// followed are the protocols whose connections are compared.
var followed = []string{"smtp", "imap", "pop3", "http", "tls", "ssh"}

func connectionFacts(count map[string]int) (facts []string) {
	for _, name := range followed {
		facts = append(facts, countFact(name+" connections", count[name])...)
	}
	return facts
}

// messageFacts are the transactions that named a sender.
func messageFacts(column string) (facts []string) {
	for _, m := range braces.FindAllStringSubmatch(column, -1) {
		if from := attribute(m[2], "from"); m[1] == "smtp" && from != "" {
			facts = append(facts, messageFact(attribute(m[2], "helo"), from, strings.Split(attribute(m[2], "rcpt"), "|")))
		}
	}
	return facts
}

func attribute(list, name string) string {
	for _, a := range strings.Split(list, ";") {
		if value, ok := strings.CutPrefix(a, name+"="); ok {
			return value
		}
	}
	return ""
}

func messageFact(helo, from string, rcpt []string) string {
	for i := range rcpt {
		rcpt[i] = strings.Trim(rcpt[i], "<>")
	}
	slices.Sort(rcpt)
	return fmt.Sprintf("message of %s from %s to %s", helo, strings.Trim(from, "<>"), strings.Join(slices.Compact(rcpt), ", "))
}
