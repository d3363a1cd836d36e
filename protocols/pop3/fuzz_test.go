package pop3

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// FuzzParse checks that nothing panics and that the same dialogue cut otherwise
// gives the same events.
func FuzzParse(f *testing.F) {
	protocoltest.Fuzz(f, func() []protocols.Protocol { return protocoltest.Only(New()) }, 110)
}
