package main

// downloads says who takes mail out of mailboxes, and how much.
func downloads() *board {
	b := newBoard("downloads", "downloads", "Who takes mail out of mailboxes, and how much (T1114.002). IMAP, POP3 and mail APIs; of TLS only estimates.")
	b.row("How much")
	add(b, figure("Bodies", "Sent to clients in the time range, repeats and partial fetches counted.", count, quarter, sum("increase", "body_items_total", "$__range")))
	add(b, figure("Octets", "Of those bodies.", octets, quarter, sum("increase", "body_bytes_total", "$__range")))
	add(b, figure("Over TLS, estimated", "Messages that were probably downloaded over IMAPS and POP3S in the time range.", count, quarter, sum("increase", "estimated_messages_total", "$__range")))
	add(b, figure("Alerts", "Of mailboxes being emptied, in the time range.", number, quarter, sum("increase", "alerts_total", "$__range", `detector="bulk"`), from("green", 0.5, "red")...))
	add(b, graph("Messages by protocol", "Each counted once, however often it is downloaded; of mail APIs, items that were read.", perMinute, quarter, query{"{{protocol}}", minutely("protocol", "downloaded_messages_total")}))
	add(b, graph("Bodies by protocol", "Repeats and partial fetches counted.", perMinute, quarter, query{"{{protocol}}", minutely("protocol", "body_items_total")}))
	add(b, graph("Octets by protocol", "Of bodies.", octetsRate, quarter, query{"{{protocol}}", by("protocol", "body_bytes_total")}))
	add(b, graph("Over TLS, estimated", "From the lengths of records; told when the connection ends.", perMinute, quarter, query{"{{protocol}}", minutely("protocol", "estimated_messages_total")}))

	b.row("Who")
	add(b, linked(list("Accounts", "In the time range, the largest.", half, []string{"account"},
		column{"octets", octets, top("account", "account_body_bytes_total")},
		column{"bodies", count, top("account", "account_body_items_total")}), "account", "accounts"))
	add(b, linked(list("Hosts", "In the time range, the largest.", half, []string{"host"},
		column{"octets", octets, top("host", "host_body_bytes_total")},
		column{"bodies", count, top("host", "host_body_items_total")}), "host", "hosts"))
	add(b, ranking("Accounts, messages of this hour", "Distinct messages since the hour began, of accounts that the baselines know.", count, half,
		query{"{{account}}", `topk(10, max by (account) (` + hour(account, "seen", `metric="messages_downloaded"`) + `) > 0)`}))
	add(b, ranking("Accounts, of the bound of this hour", "The same against what 99.9 % of such hours stay under: above 1 is unusual.", ratio, half,
		query{"{{account}}", `topk(10, max by (account) (` + hour(account, "seen", `metric="messages_downloaded"`) + ` / (` + hour(account, "bound", `metric="messages_downloaded"`) + ` > 0)) > 0)`}))
	return b
}

// forwarding says which rules send mail on, and what goes outside.
func forwarding() *board {
	b := newBoard("forwarding", "forwarding", "Rules that send mail on, and mail that goes outside (T1114.003). Who made which rule is in the events and in the summary.")
	b.row("Rules")
	add(b, figure("In force, to the outside", "Now, that the sensor knows of. What was made before it began, and was not listed since, it does not.", number, sixth, inForce("outside"), from("green", 0.5, "red")...))
	add(b, figure("In force, to where is not known", "Now: the target is a variable, or no address.", number, sixth, inForce("unknown"), from("green", 0.5, "orange")...))
	add(b, figure("Rules to the outside", "Made or changed in the time range.", number, sixth, sum("increase", "rule_changes_total", "$__range", `target="outside"`), from("green", 0.5, "red")...))
	add(b, figure("Rules to where is not known", "Made or changed in the time range: the target is a variable, or no address.", number, sixth, sum("increase", "rule_changes_total", "$__range", `target="unknown"`), from("green", 0.5, "orange")...))
	add(b, figure("Other rules", "Made or changed in the time range.", number, sixth, sum("increase", "rule_changes_total", "$__range", `target=~"none|inside"`)))
	add(b, figure("Alerts", "Of forwarding, in the time range: a rule, or its effect.", number, sixth, sum("increase", "alerts_total", "$__range", `detector="forward"`), from("green", 0.5, "red")...))
	add(b, bars("Rules by where they send mail", "Made or changed within each interval, by the furthest target.", count, half, query{"{{target}}", within("target", "rule_changes_total")}))
	add(b, bars("Rules by service", "Made or changed within each interval.", count, half, query{"{{source}}", within("source", "rule_changes_total")}))

	b.row("Mail that goes outside")
	add(b, graph("Recipients", "Accepted ones, by where they are.", perMinute, half, query{"{{side}}", minutely("side", "recipients_total", `outcome="accepted"`)}))
	add(b, bars("Alerts", "Forwarding, data that leaves by mail, and unusual sending, within each interval.", count, half,
		query{"{{detector}}", within("detector", "alerts_total", `detector=~"forward|exfil|volume"`)}))
	add(b, linked(list("Accounts with alerts", "Of any detector, in the time range.", half, []string{"account"},
		column{"alerts", number, top("account", "account_alerts_total")}), "account", "accounts"))
	add(b, linked(list("Accounts that send", "In the time range, the largest.", half, []string{"account"},
		column{"recipients", count, top("account", "account_recipients_total")},
		column{"messages", count, top("account", "account_messages_total")}), "account", "accounts"))
	return b
}

// logins says who logs in, who tries to, and from where.
func logins() *board {
	b := newBoard("logins", "logins", "Who logs in, who tries to, and from where (T1078, T1110).")
	b.row("How many")
	add(b, figure("Logins", "That succeeded, in the time range.", count, quarter, sum("increase", "logins_total", "$__range", `outcome="ok"`)))
	add(b, figure("Failed", "Every exchange that did not end in success, in the time range.", count, quarter, sum("increase", "logins_total", "$__range", `outcome="failed"`)))
	add(b, figure("Share that failed", "In the time range.", ratio, quarter,
		share(sum("increase", "logins_total", "$__range", `outcome="failed"`), sum("increase", "logins_total", "$__range")), from("green", 0.2, "orange", 0.5, "red")...))
	add(b, figure("Alerts", "Of guessing, spraying and strange logins, in the time range.", number, quarter, sum("increase", "alerts_total", "$__range", `detector="login"`), from("green", 0.5, "red")...))
	add(b, graph("By outcome", "Unknown: the server's answer was not seen.", perMinute, third, query{"{{outcome}}", minutely("outcome", "logins_total")}))
	add(b, graph("Failed, by protocol", "Every exchange that did not end in success.", perMinute, third, query{"{{protocol}}", minutely("protocol", "logins_total", `outcome="failed"`)}))
	add(b, bars("Alerts", "Of strange logins and of remote access, within each interval.", count, third,
		query{"{{detector}}", within("detector", "alerts_total", `detector=~"login|access"`)}))

	b.row("Who")
	add(b, linked(list("Accounts", "In the time range, the largest. An account that failed need not exist.", half, []string{"account"},
		column{"failed", count, top("account", "account_failed_logins_total")},
		column{"logins", count, top("account", "account_logins_total")}), "account", "accounts"))
	add(b, linked(list("Hosts", "In the time range, the largest.", half, []string{"host"},
		column{"failed", count, top("host", "host_failed_logins_total")},
		column{"logins", count, top("host", "host_logins_total")}), "host", "hosts"))
	return b
}

// inForce is how many rules are in force that send mail there.
func inForce(target string) string {
	return `sum(mailsensor_rules_in_force{` + ours + `,target="` + target + `"})`
}
