package metrics

import "strings"

// help is what the text format says of a series: that of its name, or of its group.
// docs/metrics.md says more.
func help(name string) string {
	if s, ok := helpOf[name]; ok {
		return s
	}
	for _, g := range helpOfGroup {
		if strings.HasPrefix(name, g[0]) {
			return g[1]
		}
	}
	return "See docs/metrics.md."
}

var helpOf = map[string]string{
	"build_info":                     "Version of the sensor.",
	"messages_total":                 "Mail transactions, from MAIL to their end.",
	"recipients_total":               "Recipients of mail transactions.",
	"message_bytes_total":            "Octets of the content of accepted messages.",
	"message_duration_seconds":       "From MAIL to the end of the transaction.",
	"mailbox_read_duration_seconds":  "From the command to the end of the bodies that it asked for.",
	"tls_handshake_duration_seconds": "From a ClientHello to the answer of the server.",
	"downloaded_messages_total":      "Distinct messages of which the whole body was sent.",
	"rules_in_force":                 "Mail rules that are in force, by where they send mail.",
	"event_delay_seconds":            "From a packet to the handling of what it completed.",
	"visibility_connections_total":   "Ended connections that had octets in this form.",
	"logins_total":                   "Authentication exchanges.",
	"body_items_total":               "Bodies sent to clients, repeats and partial ones counted.",
	"body_bytes_total":               "Octets of bodies sent to clients.",
	"estimated_messages_total":       "Messages probably downloaded over TLS, estimated.",
	"rule_changes_total":             "Mail rules made or changed.",
	"alerts_total":                   "Alerts, when new and whenever more severe.",
	"connections_total":              "Connections with payload that have ended.",
	"visibility_bytes_total":         "Octets of ended connections by the form they were in.",
	"last_packet_timestamp_seconds":  "Time of the latest packet.",
}

var helpOfGroup = [...][2]string{
	{"host_hour_", "The hour that goes on, against what is usual for the host."},
	{"account_hour_", "The hour that goes on, against what is usual for the account."},
	{"host_history_days", "Days of history that the baseline has."},
	{"account_history_days", "Days of history that the baseline has."},
	{"host_", "What the largest hosts did."},
	{"account_", "What the largest accounts did."},
	{"capture_", "The capture of an interface."},
	{"decode_", "Frames and what they were."},
	{"clock_", "The clock of packets."},
	{"fragments_", "Reassembly of IP fragments."},
	{"shed_", "What was put aside because the sensor could not keep up."},
	{"tcp_", "Reassembly of TCP."},
	{"parser_", "Parsers of protocols."},
	{"sink_", "Where events and alerts are sent."},
	{"state_", "What was learned and alerted, on disk."},
	{"evidence_", "Packets of alerted connections that are kept."},
}
