package http

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

func only() []protocols.Protocol { return protocoltest.Only(New()) }

// FuzzParse checks that nothing panics and that the same dialogue cut otherwise
// gives the same events.
func FuzzParse(f *testing.F) {
	f.Add(protocoltest.Pack(prior().turns), uint16(99), true)
	protocoltest.Fuzz(f, only, 80)
}

// FuzzMail is FuzzParse for the calls of mail APIs.
func FuzzMail(f *testing.F) { protocoltest.FuzzIn(f, "testdata/mail", exchangesOf, only, 80) }
