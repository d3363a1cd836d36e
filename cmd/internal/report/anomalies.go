package report

// meaning says what an anomaly is, in a few plain words. The kinds are defined
// where they are found: the package comments of the protocols.
func meaning(kind string) string { return meanings[kind] }

var meanings = map[string]string{
	"tcp_overlap_conflict":     "segments overlap and disagree",
	"smtp_bare_lf":             "lines ended by LF alone",
	"smtp_bare_cr":             "CR without LF",
	"smtp_smuggling_candidate": "an end of data that servers read differently",
	"smtp_long_line":           "a line over the limit",
	"smtp_starttls_injection":  "bytes sent ahead of the TLS handshake",
}
