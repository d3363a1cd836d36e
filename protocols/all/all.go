// Package all lists the protocols the sensor knows. The order is the order of
// probing among protocols whose usual port does not speak for them.
package all

import (
	"mailsensor/protocols"
	"mailsensor/protocols/imap"
	"mailsensor/protocols/smtp"
	"mailsensor/protocols/tls"
)

// Config holds what the protocols can be told.
type Config struct {
	AttachmentHash bool // SHA-256 of every attachment
}

// Protocols returns the list.
func Protocols(c Config) []protocols.Protocol {
	return []protocols.Protocol{
		tls.New(),
		smtp.New(smtp.Config{AttachmentHash: c.AttachmentHash}),
		imap.New(),
	}
}
