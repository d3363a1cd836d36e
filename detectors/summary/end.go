package summary

import (
	"mailsensor/capture"
	"mailsensor/protocols"
)

// end closes the books on a connection.
func (s *Summary) end(e *protocols.ConnEnd) {
	s.connections++
	if e.Totals.OneSided() {
		s.oneSided++
	}
	gap := e.Totals.Half[capture.ToServer].GapBytes + e.Totals.Half[capture.ToClient].GapBytes
	s.gapBytes += gap
	s.see(e)
	s.remoteAccess(e)
	s.boxes.Close(e.Conn.ID)

	doubt := hidden(e, gap > 0)
	encrypted := e.Visible[protocols.ImplicitTLS][0]+e.Visible[protocols.ImplicitTLS][1]+
		e.Visible[protocols.AfterStartTLS][0]+e.Visible[protocols.AfterStartTLS][1] > 0
	if l, _ := low(e.Protocol); !encrypted && l == 0 && e.Requests == 0 {
		return
	}
	sc := s.scope(&e.Head, e.Account)
	for _, t := range sc.tallies() {
		switch e.Protocol {
		case "smtp", "lmtp":
			t.spokeSMTP().Connections++
		case "imap":
			t.spokeIMAP().Connections++
		case "pop3":
			t.less().hasPOP3 = true
			t.pop3.Connections++
		case "sieve":
			t.less().hasSieve = true
			t.sieve.Connections++
		case "http":
			t.less().hasHTTP = true
			t.http.Connections++
		}
		if e.Requests > 0 { // it spoke HTTP, whatever came in a tunnel behind
			t.less().hasHTTP = true
			t.http.Requests += e.Requests
			if e.Protocol != "http" {
				t.http.Connections++
			}
		}
		t.doubt |= doubt
		if encrypted {
			t.hasTLS = true
			t.tls.end(e)
		}
	}
}

// hidden says which counts the end of a connection puts in doubt: octets were
// lost, its beginning was not captured, or its rest could not be read.
func hidden(e *protocols.ConnEnd, gap bool) doubt {
	logins, mail := low(e.Protocol)
	switch {
	case e.Protocol == "imap" && (gap || !e.Conn.Handshake):
		return logins | mail | imapTorn
	case gap, !e.Conn.Handshake, e.Totals.End == capture.EndEvicted:
		return logins | mail
	case e.GaveUp == "compressed": // comes after the login
		return mail
	case e.GaveUp == "encrypted", e.GaveUp == "panic":
		return logins | mail
	}
	return 0
}

func (c *TLS) end(e *protocols.ConnEnd) {
	after, first := &e.Visible[protocols.AfterStartTLS], &e.Visible[protocols.ImplicitTLS]
	c.Connections++
	if after[0]+after[1] > 0 {
		c.StartTLS++
	}
	c.BytesToServer += first[capture.ToServer] + after[capture.ToServer]
	c.BytesToClient += first[capture.ToClient] + after[capture.ToClient]
}

// see books in what form the connection's bytes were seen.
func (s *Summary) see(e *protocols.ConnEnd) {
	f := s.visibility[e.Protocol]
	if f == nil { // protocols are few: a list in the program
		f = new(Forms)
		s.visibility[e.Protocol] = f
	}
	f.see(e)
	s.visibility["total"].see(e)
}

func (f *Forms) see(e *protocols.ConnEnd) {
	f.Connections++
	if e.Totals.OneSided() {
		f.OneSidedConnections++
	}
	f.GapBytes += e.Totals.Half[capture.ToServer].GapBytes + e.Totals.Half[capture.ToClient].GapBytes
	if e.GaveUp != "" {
		if f.GaveUp == nil {
			f.GaveUp = map[string]uint64{}
		}
		f.GaveUp[e.GaveUp]++ // the driver's own words: few
	}
	octets := &e.Visible
	for v, form := range [protocols.Visibilities]*Form{
		protocols.Cleartext:     &f.Cleartext,
		protocols.AfterStartTLS: &f.StartTLS,
		protocols.ImplicitTLS:   &f.TLS,
		protocols.Deflated:      &f.Compressed,
		protocols.Decrypted:     &f.Decrypted,
		protocols.Unidentified:  &f.Unknown,
	} {
		if n := octets[v][0] + octets[v][1]; n > 0 {
			form.Connections++
			form.Bytes += n
		}
	}
}
