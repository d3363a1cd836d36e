package main

// overview is where to look first.
func overview() *board {
	b := newBoard("overview", "overview",
		"Where to look first: what is unusual, how much of the mail could be read, and how much of it there is.")

	b.row("What is unusual")
	add(b, figure("Alerts, high and critical", "Raised in the time range.", number, sixth,
		sum("increase", "alerts_total", "$__range", `severity=~"high|critical"`), from("green", 0.5, "red")...))
	add(b, figure("Alerts, others", "Raised in the time range.", number, sixth,
		sum("increase", "alerts_total", "$__range", `severity!~"high|critical"`), from("green", 0.5, "orange")...))
	add(b, figure("Failed logins", "Of all protocols, in the time range.", count, sixth,
		sum("increase", "logins_total", "$__range", `outcome="failed"`)))
	add(b, figure("Readable", "Share of the octets that were not encrypted, in the time range. Of the rest little is said, and as an estimate.", ratio, sixth,
		share(sum("increase", "visibility_bytes_total", "$__range", `form=~"cleartext|decrypted|compressed"`), sum("increase", "visibility_bytes_total", "$__range"))))
	add(b, figure("Lost", "Octets of streams that never came, in the time range. Counts are lower bounds then.", octets, sixth,
		sum("increase", "tcp_gap_bytes_total", "$__range"), from("green", 1.0, "orange")...))
	add(b, figure("Sensors", "Sensors that answer.", number, sixth, `count(mailsensor_build_info{`+ours+`})`))
	add(b, bars("Alerts by severity", "Raised within each interval; the marks on all graphs.", count, half,
		query{"{{severity}}", within("severity", "alerts_total")}))
	add(b, bars("Alerts by detector", "Raised within each interval. docs/alerts.md says what they find.", count, half,
		query{"{{detector}}", within("detector", "alerts_total")}))
	add(b, linked(list("Accounts with alerts", "In the time range. The name leads to what the account did.", half, []string{"account"},
		column{"alerts", number, top("account", "account_alerts_total")}), "account", "accounts"))
	add(b, linked(list("Hosts with alerts", "In the time range. The address leads to what the host did.", half, []string{"host"},
		column{"alerts", number, top("host", "host_alerts_total")}), "host", "hosts"))

	b.row("Mail")
	add(b, graph("Messages by outcome", "SMTP and LMTP. Unfinished: the end came before the content. Unknown: the answer was not seen.", perMinute, third,
		query{"{{outcome}}", minutely("outcome", "messages_total")}))
	add(b, graph("Recipients", "Accepted ones, by where they are.", perMinute, third,
		query{"{{side}}", minutely("side", "recipients_total", `outcome="accepted"`)}))
	add(b, graph("Bodies downloaded", "By protocol, repeats and partial fetches counted.", perMinute, third,
		query{"{{protocol}}", minutely("protocol", "body_items_total")}))
	add(b, graph("Logins", "Of all protocols, by outcome.", perMinute, third,
		query{"{{outcome}}", minutely("outcome", "logins_total")}))
	add(b, graph("Octets of mail", "Content of accepted messages, and of downloaded bodies.", octetsRate, third,
		query{"sent", total("message_bytes_total")}, query{"downloaded", total("body_bytes_total")}))
	add(b, graph("What could be seen", "Octets by the form they were in, when their connection ended.", octetsRate, third,
		query{"{{form}}", by("form", "visibility_bytes_total")}))
	add(b, graph("How long it takes", "What 95 % stay under: messages from MAIL to their end, mailboxes from the command to the end of the bodies, TLS from the hello to its answer.", seconds, whole,
		query{"message", quantile(0.95, "message_duration_seconds")},
		query{"download", quantile(0.95, "mailbox_read_duration_seconds")},
		query{"TLS handshake", quantile(0.95, "tls_handshake_duration_seconds")}))
	return b
}
