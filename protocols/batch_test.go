package protocols_test

import (
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// Ordinary messages fit the room they come with: a batch that was never used
// allocates less than once a message.
func TestFreshMessagesAllocateLittle(t *testing.T) {
	const messages = 64
	dr := protocols.NewDriver(toys())
	s := dr.Open(protocoltest.Conn(25))
	address := []byte("ann@a.example")
	n := testing.AllocsPerRun(10, func() {
		dr.Batch = new(protocols.Batch)
		for range messages {
			m := s.Message(0)
			m.Recipients = append(m.Recipients, protocols.Recipient{Address: address}, protocols.Recipient{Address: address})
			m.Facts.From = append(m.Facts.From, address)
			m.Facts.To = append(m.Facts.To, address, address)
			m.Facts.Received = append(m.Facts.Received, address)
		}
	})
	if n > messages/2 {
		t.Errorf("%v allocations for %d messages", n, messages)
	}
}

// The lists of a message are empty when its memory is used again, and those of
// its neighbours are their own.
func TestMessagesShareNoLists(t *testing.T) {
	dr := protocols.NewDriver(toys())
	s := dr.Open(protocoltest.Conn(25))
	for range 2 {
		dr.Batch.Reset()
		var all [20]*protocols.Message
		for i := range all {
			all[i] = s.Message(0)
			if len(all[i].Recipients) != 0 || len(all[i].Facts.To) != 0 {
				t.Fatal("a list of an earlier message is left")
			}
			for k := range i {
				all[i].Recipients = append(all[i].Recipients, protocols.Recipient{Code: uint16(100*i + k)})
				all[i].Facts.To = append(all[i].Facts.To, []byte{byte(i)})
			}
		}
		for i, m := range all {
			for k, r := range m.Recipients {
				if r.Code != uint16(100*i+k) || m.Facts.To[k][0] != byte(i) {
					t.Fatalf("message %d: recipient %d is another's", i, k)
				}
			}
		}
	}
}
