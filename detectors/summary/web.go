package summary

import "mailsensor/protocols"

// tunnel counts an attempt to reach another host through a proxy.
func (s *Summary) tunnel(e *protocols.Tunnel) {
	sc := s.scope(&e.Head, e.Account)
	for _, t := range sc.tallies() {
		t.less().hasHTTP = true
		if e.Outcome == protocols.Accepted {
			t.http.Tunnels++
		} else {
			t.http.TunnelsRefused++
		}
	}
}

func (s *Summary) operation(e *protocols.MailOperation) {
	sc := s.scope(&e.Head, e.Account)
	for _, t := range sc.tallies() {
		t.less().hasHTTP = true
		t.http.MailOperations++
		t.http.MailBytes += e.Bytes
		if e.Confidence == protocols.LowerBound {
			t.doubt |= httpMailLow
		}
	}
}

// rule counts an accepted change of a script or rule. One whose outcome was not
// seen makes the counts lower bounds.
func (s *Summary) rule(e *protocols.RuleChange) {
	if e.Listed || e.Outcome != protocols.Accepted && e.Outcome != protocols.Unknown {
		return
	}
	sc := s.scope(&e.Head, e.Account)
	for _, t := range sc.tallies() {
		if e.Outcome == protocols.Unknown {
			_, doubt := low(e.Protocol)
			t.doubt |= doubt
			continue
		}
		if e.Protocol != "sieve" {
			t.less().hasHTTP = true
			t.http.RuleChanges++
			continue
		}
		t.less().hasSieve = true
		switch e.Command {
		case "PUTSCRIPT":
			t.sieve.ScriptsPut++
		case "SETACTIVE":
			if e.Live == protocols.Yes {
				t.sieve.ScriptsActivated++
			}
		case "DELETESCRIPT":
			t.sieve.ScriptsDeleted++
		}
		if e.Confidence == protocols.LowerBound {
			t.doubt |= sieveLow
		}
	}
}
