package sieve

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

func TestGolden(t *testing.T) { protocoltest.Golden(t, []protocols.Protocol{New()}, 4190, 20) }
