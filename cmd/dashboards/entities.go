package main

import "fmt"

// kind is a sort of entity that has series and a dashboard of its own. Its label has
// its name, and so has the variable in which one is chosen.
type kind string

const (
	host    kind = "host"
	account kind = "account"
)

var aboutKind = map[kind]string{
	host:    "What hosts send, download and log in with, beside what is usual. A host is a client, the nearest that no trusted peer stands for.",
	account: "What accounts send, download and log in to, beside what is usual. An account is as the server was told, normalised.",
}

// entities is the dashboard of the hosts, or of the accounts.
func entities(k kind) *board {
	name := string(k)
	b := newBoard(name+"s", name+"s", aboutKind[k]+" The largest have series of their own, all others are other.",
		variable(name, map[kind]string{host: "Host", account: "Account"}[k], fmt.Sprintf(`label_values({__name__=~"mailsensor_%s_.+_total",%s}, %s)`, name, ours, name)))
	series := func(s string) string { return name + "_" + s }
	chosen := fmt.Sprintf(`%s=~"$%s"`, name, name)

	b.row("Who")
	add(b, linked(list("What they did", "In the time range.", whole, []string{name},
		column{"messages sent", count, top(name, series("messages_total"), chosen)},
		column{"recipients", count, top(name, series("recipients_total"), chosen)},
		column{"bodies downloaded", count, top(name, series("body_items_total"), chosen)},
		column{"octets downloaded", octets, top(name, series("body_bytes_total"), chosen)},
		column{"logins", count, top(name, series("logins_total"), chosen)},
		column{"failed logins", count, top(name, series("failed_logins_total"), chosen)},
		column{"alerts", count, top(name, series("alerts_total"), chosen)},
	), name, name+"s"))

	b.row("What is usual: seen since the hour began, expected of the whole hour, and the bound that 99.9 % of such hours stay under")
	add(b, linked(list("Nearest to the bound", "The most within the time range, against the bound: above 1 is unusual, if there are some days of history.", half, []string{name, "metric"},
		column{"of the bound", ratio, fmt.Sprintf("topk(20, max by (%s, metric) (max_over_time(%s[$__range]) / (%s > 0)))", name, hour(k, "seen", chosen), hour(k, "bound", chosen))},
		column{"days of history", number, fmt.Sprintf("max by (%s, metric) (mailsensor_%s_history_days{%s,%s})", name, name, ours, chosen)},
	), name, name+"s"))
	for _, m := range []struct{ metric, title, unit string }{
		{"messages_sent", "Messages sent", count},
		{"recipients", "Recipients", count},
		{"messages_downloaded", "Messages downloaded", count},
		{"bytes_downloaded", "Octets downloaded", octets},
		{"login_failures", "Failed logins", count},
	} {
		metric := fmt.Sprintf(`metric="%s"`, m.metric)
		add(b, band(m.title, "Of what is chosen above, together. Choose one to see it alone.", m.unit, half,
			"sum("+hour(k, "seen", chosen, metric)+")", "sum("+hour(k, "expected", chosen, metric)+")", "sum("+hour(k, "bound", chosen, metric)+")"))
	}

	b.row("Over time")
	legend := "{{" + name + "}}"
	add(b, graph("Messages sent", "Accepted ones.", perMinute, half, query{legend, minutely(name, series("messages_total"), chosen)}))
	add(b, graph("Recipients", "Accepted ones.", perMinute, half, query{legend, minutely(name, series("recipients_total"), chosen)}))
	add(b, graph("Octets downloaded", "Of bodies, repeats counted.", octetsRate, half, query{legend, by(name, series("body_bytes_total"), chosen)}))
	add(b, graph("Failed logins", "By any protocol.", perMinute, half, query{legend, minutely(name, series("failed_logins_total"), chosen)}))
	return b
}

// hour selects a series of the hour that goes on.
func hour(k kind, what string, labels ...string) string {
	selector := ours
	for _, l := range labels {
		selector += "," + l
	}
	return fmt.Sprintf("mailsensor_%s_hour_%s{%s}", k, what, selector)
}
