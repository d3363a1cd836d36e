package proxy

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/http"
	"mailsensor/protocols/imap"
	"mailsensor/protocols/protocoltest"
	"mailsensor/protocols/smtp"
)

func all() []protocols.Protocol {
	return []protocols.Protocol{New(), smtp.New(smtp.Config{}), imap.New(), http.New()}
}

func TestGolden(t *testing.T) { protocoltest.Golden(t, all(), 25, 5) }
