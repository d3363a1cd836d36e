// Package smtp follows SMTP and message submission (RFC 5321, RFC 6409), with
// pipelining, chunking, AUTH and STARTTLS, and tells of every MAIL command what
// became of it. It exists because only the server's own reply to the content
// says that a message was sent: replies are bound to commands by a queue, and
// nothing counts as accepted before its 2xx came.
//
// Ownership: bytes given to Parse are borrowed. Of an open transaction the
// envelope is copied, bounded, into a recycled value; content passes through to
// package mime and is kept by nobody. Credentials pass through to package sasl,
// which keeps none.
//
// # Anomalies
//
// Kinds reported, each once a connection unless said otherwise:
//
//	smtp_bare_lf               LF without CR, in commands (once) or in content (once a message)
//	smtp_bare_cr               CR without LF, likewise
//	smtp_long_line             a command beyond 2,048 octets (once), or a text line beyond 1,000 (once a message)
//	smtp_smuggling_candidate   a lone dot that careless servers take for the end of the content (once a message)
//	smtp_early_data            content sent before the server asked for it (once a message)
//	smtp_unknown_command       a line that is no command
//	smtp_unexpected_reply      a reply that answers nothing
//	smtp_bad_reply             a server line that is no reply
//	smtp_queue_overflow        more unanswered commands than are remembered
//	smtp_too_many_recipients   a message with more recipients than are remembered (once a message)
//	smtp_starttls_injection    bytes behind STARTTLS or behind its 220, before TLS began (each time)
//	smtp_starttls_refused      STARTTLS was refused (each time)
//	smtp_starttls_stripped     STARTTLS was overwritten on the way, in the reply to EHLO
//	smtp_unexpected_tls        TLS without STARTTLS
package smtp

import (
	"mailsensor/protocols"
	"mailsensor/protocols/mime"
)

// Config is what can be chosen.
type Config struct {
	AttachmentHash bool // SHA-256 of every attachment
	LinkHosts      bool // hosts of the URLs in text
}

// New returns the protocol. The ports are those of SMTP and submission.
func New(c Config) protocols.Protocol {
	return protocol(c, "smtp", probeSMTP, 25, 587, 2525, 465)
}

// NewLMTP returns LMTP (RFC 2033), which differs by its LHLO and by a reply to
// the content for each recipient. New reads it too; this one calls it by name.
func NewLMTP(c Config) protocols.Protocol {
	return protocol(c, "lmtp", probeLMTP, 24, 2003)
}

func protocol(c Config, name string, probe func(protocols.Probe) protocols.Verdict, ports ...uint16) protocols.Protocol {
	shared := &stock{mime: mime.Options{Hash: c.AttachmentHash, Links: c.LinkHosts}}
	return protocols.Protocol{
		Name:  name,
		Ports: ports,
		Probe: probe,
		New:   func() protocols.Parser { return shared.parser() },
	}
}

// Bounds. Each that is hit shows in an anomaly or in the event itself.
const (
	maxLine       = 14 << 10 // a command: an AUTH line has up to 12,288 octets (RFC 4954, section 4)
	maxReply      = 2 << 10  // a reply line; longer ones are read as far as this
	maxCommand    = 2 << 10  // beyond it a command is reported as long: 512 (RFC 5321, section 4.5.3.1.4) and what extensions add
	maxQueue      = 512      // commands without a reply
	maxOpen       = 64       // transactions without an outcome
	maxUnheard    = 4        // the same while nothing of the server was seen
	maxRecipients = 1000     // kept per transaction; more are counted
	maxPath       = 512      // octets of an address (RFC 5321, section 4.5.3.1.3, allows 256)
	maxHelo       = 255      // octets of the argument of EHLO
)
