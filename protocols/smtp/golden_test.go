package smtp

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

func list() []protocols.Protocol {
	return []protocols.Protocol{NewLMTP(Config{AttachmentHash: true}), New(Config{AttachmentHash: true})}
}

func TestGolden(t *testing.T) { protocoltest.Golden(t, list(), 25, 30) }
