package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

func (p *printer) anomalies() {
	counts := p.doc.Anomalies
	if len(counts) == 0 {
		return
	}
	kinds := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	p.line("\nAnomalies: how often, which, and what it means")
	for _, kind := range kinds {
		line := pad(short(counts[kind]), 7) + "  " + kind
		p.line("%s", strings.TrimRight(line+strings.Repeat(" ", max(2, 35-len(line)))+meaning(kind), " "))
	}
}

// pad puts spaces before s.
func pad(s string, n int) string { return strings.Repeat(" ", max(0, n-len(s))) + s }

// meaning says what an anomaly is, in a few plain words. docs/events.md says
// more.
func meaning(kind string) string {
	switch kind {
	case "tcp_overlap_conflict":
		return "octets sent twice that are not the same"
	case "smtp_bare_lf":
		return "lines that end with LF alone"
	case "smtp_bare_cr":
		return "lines that end with CR alone"
	case "smtp_long_line":
		return "lines longer than the protocol allows"
	case "smtp_smuggling_candidate":
		return "some servers would see two messages in one"
	case "smtp_early_data":
		return "content sent before the server asked for it"
	case "smtp_unknown_command":
		return "a line that is no command"
	case "smtp_bad_reply":
		return "a line that is no reply"
	case "smtp_unexpected_reply":
		return "a reply that answers nothing"
	case "smtp_queue_overflow":
		return "too many commands without an answer"
	case "smtp_too_many_recipients":
		return "more recipients than are listed"
	case "smtp_starttls_injection":
		return "octets slipped in before TLS began"
	case "smtp_starttls_refused":
		return "the server refused STARTTLS"
	case "smtp_starttls_stripped", "imap_starttls_stripped", "pop3_starttls_stripped", "sieve_starttls_stripped":
		return "someone on the way removed STARTTLS"
	case "http_bad_request":
		return "a line that is no request"
	case "http_bad_response":
		return "a line that is no status line"
	case "http_bad_chunk":
		return "a chunk without a size"
	case "http_conflict":
		return "two lengths: request smuggling looks so"
	case "http_long_header":
		return "a header block beyond its bound"
	case "http_pipeline":
		return "too many requests without a response"
	case "http_bad_frame":
		return "a frame that is no HTTP/2"
	case "http_coding":
		return "mail over HTTP in a compression that is not read (brotli, zstd)"
	case "http_content":
		return "content that does not decompress"
	case "socks_bad_message":
		return "a message that is no SOCKS"
	case "proxy_bad_header":
		return "a PROXY header that names nobody"
	case "pop3_unknown_command":
		return "a line that is no command"
	case "pop3_bad_response":
		return "a line that is no response"
	case "pop3_unexpected_response":
		return "a response that answers nothing"
	case "pop3_long_line":
		return "lines longer than the protocol allows"
	case "pop3_queue_overflow":
		return "too many commands without an answer"
	case "pop3_starttls_injection":
		return "octets slipped in before TLS began"
	case "pop3_starttls_refused":
		return "the server refused STLS"
	case "sieve_unknown_command":
		return "a line that is no command"
	case "sieve_bad_response":
		return "a line that is no response"
	case "sieve_unexpected_response":
		return "a response that answers nothing"
	case "sieve_bad_literal":
		return "a string whose length is wrong"
	case "sieve_queue_overflow":
		return "too many commands without an answer"
	case "sieve_starttls_injection":
		return "octets slipped in before TLS began"
	case "sieve_starttls_refused":
		return "the server refused STARTTLS"
	case "deflate_bomb":
		return "compressed to grow out of proportion"
	case "deflate_corrupt":
		return "what should be compressed is not"
	case "smtp_unexpected_tls":
		return "TLS that nobody asked for"
	}
	return imapMeaning(kind)
}

func imapMeaning(kind string) string {
	switch kind {
	case "imap_bad_command":
		return "a line that is no command"
	case "imap_bad_response":
		return "a line that is no response"
	case "imap_bad_literal":
		return "a string whose length is wrong"
	case "imap_deep_nesting":
		return "parentheses nested beyond any use"
	case "imap_early_reply":
		return "a reply that came before its command"
	case "imap_long_line":
		return "a line too long to be read whole"
	case "imap_pipeline":
		return "too many commands without an answer"
	case "imap_preauth":
		return "logged in before STARTTLS was possible"
	case "imap_starttls_injection":
		return "octets slipped in before TLS began"
	case "imap_starttls_refused":
		return "the server refused STARTTLS"
	case "imap_unknown_tag":
		return "a reply to a command that nobody sent"
	}
	return ""
}
