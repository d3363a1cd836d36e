package tls

import "mailsensor/protocols"

func probe(p protocols.Probe) protocols.Verdict {
	c, s := record(p.ToServer, clientHello, p.Midstream), record(p.ToClient, serverHello, p.Midstream)
	if c == protocols.Reject && !p.Midstream {
		c = oldHello(p.ToServer)
	}
	switch {
	case c == protocols.Reject || s == protocols.Reject:
		return protocols.Reject
	case c == protocols.Accept || s == protocols.Accept && p.Midstream:
		return protocols.Accept
	case s == protocols.Accept: // the client may still be seen
		return protocols.Maybe
	}
	return protocols.NeedMore
}

// record judges the first bytes of one direction. In mid-stream they have to
// begin with a record, which is so for most segments that begin a write.
func record(b []byte, hello byte, midstream bool) protocols.Verdict {
	if len(b) == 0 {
		return protocols.NeedMore
	}
	if b[0] < changeCipherSpec || b[0] > applicationData {
		return protocols.Reject
	}
	if len(b) < 6 {
		return protocols.NeedMore
	}
	n := int(b[3])<<8 | int(b[4])
	if b[1] != 3 || b[2] > 4 || n == 0 || n > maxRecord {
		return protocols.Reject
	}
	if b[0] == handshake && b[5] == hello || midstream {
		return protocols.Accept
	}
	return protocols.Reject
}

// oldHello judges a ClientHello in the form of SSL 2, as old clients send it to
// servers that may know nothing newer (RFC 5246, appendix E.2).
func oldHello(b []byte) protocols.Verdict {
	if b[0]&0x80 == 0 {
		return protocols.Reject
	}
	if len(b) < oldHead {
		return protocols.NeedMore
	}
	n, ciphers, session, challenge := int(b[0]&0x7f)<<8|int(b[1]), int(b[5])<<8|int(b[6]), int(b[7])<<8|int(b[8]), int(b[9])<<8|int(b[10])
	if b[2] != clientHello || !(b[3] == 3 && b[4] <= 4 || b[3] == 0 && b[4] == 2) ||
		ciphers == 0 || ciphers%3 != 0 || challenge < 16 || challenge > 32 || n != oldHead-2+ciphers+session+challenge {
		return protocols.Reject
	}
	return protocols.Accept
}

const oldHead = 11
