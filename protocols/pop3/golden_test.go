package pop3

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

func TestGolden(t *testing.T) { protocoltest.Golden(t, []protocols.Protocol{New()}, 110, 15) }
