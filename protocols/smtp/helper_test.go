package smtp

import (
	"fmt"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// events plays turns through a driver.
func events(turns []protocoltest.Turn) []protocols.Event {
	dr := protocols.NewDriver(list())
	dr.Unguarded = true
	s := dr.Open(protocoltest.Conn(25))
	for i, turn := range turns {
		if turn.Gap > 0 {
			s.Gap(turn.Dir, int64(i), turn.Gap)
		} else {
			s.Data(turn.Dir, int64(i), turn.Text)
		}
	}
	s.Close(int64(len(turns)), capture.Totals{})
	return dr.Batch.Events
}

// asTold renders an event as the backend of TestPeers notes it; "": it does not.
func asTold(ev protocols.Event) string {
	switch e := ev.(type) {
	case *protocols.Message:
		if e.Outcome != protocols.Accepted {
			return ""
		}
		var rcpts []string
		for _, r := range e.Recipients {
			if r.Outcome == protocols.Accepted {
				rcpts = append(rcpts, string(r.Address))
			}
		}
		return fmt.Sprintf("message %q %q %d", e.From, rcpts, e.Size)
	case *protocols.Login:
		if e.Code == 503 { // refused before the backend is asked
			return ""
		}
		return fmt.Sprintf("login %q %v", e.User, e.Outcome == protocols.Accepted)
	}
	return ""
}
