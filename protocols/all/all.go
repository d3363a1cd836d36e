// Package all lists the protocols the sensor knows. The order is the order of
// probing among protocols whose usual port does not speak for them.
package all

import (
	"mailsensor/protocols"
	"mailsensor/protocols/http"
	"mailsensor/protocols/imap"
	"mailsensor/protocols/pop3"
	"mailsensor/protocols/proxy"
	"mailsensor/protocols/remote"
	"mailsensor/protocols/sieve"
	"mailsensor/protocols/smtp"
	"mailsensor/protocols/socks"
	"mailsensor/protocols/tls"
)

// Config holds what the protocols can be told.
type Config struct {
	AttachmentHash bool // SHA-256 of every attachment
	LinkHosts      bool // hosts of the URLs in text
}

// Protocols returns the list.
func Protocols(c Config) []protocols.Protocol {
	mail := smtp.Config{AttachmentHash: c.AttachmentHash, LinkHosts: c.LinkHosts}
	return append([]protocols.Protocol{
		tls.New(),
		smtp.NewLMTP(mail),
		smtp.New(mail),
		imap.New(),
		pop3.New(),
		sieve.New(),
		http.New(),
		socks.New(),
		proxy.New(),
	}, remote.Protocols()...)
}
