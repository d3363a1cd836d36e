package protocols

// The methods of Sink on a Stream: each takes an event from the batch and
// stamps it with the connection.

func (s *Stream) Login(t int64) *Login {
	e := add[Login](s.driver.Batch, &s.driver.Batch.logins)
	*e = Login{Head: s.driver.Batch.head(s, t), Form: s.seen}
	return e
}

func (s *Stream) Message(t int64) *Message {
	return s.driver.Batch.message(s.driver.Batch.head(s, t))
}

func (s *Stream) MailboxRead(t int64) *MailboxRead {
	return s.driver.Batch.read(s.driver.Batch.head(s, t))
}

func (s *Stream) MailboxSelect(t int64) *MailboxSelect {
	e := add[MailboxSelect](s.driver.Batch, &s.driver.Batch.selects)
	*e = MailboxSelect{Head: s.driver.Batch.head(s, t)}
	return e
}

func (s *Stream) MailboxChange(t int64) *MailboxChange {
	e := add[MailboxChange](s.driver.Batch, &s.driver.Batch.changes)
	*e = MailboxChange{Head: s.driver.Batch.head(s, t)}
	return e
}

func (s *Stream) MailboxSearch(t int64) *MailboxSearch {
	e := add[MailboxSearch](s.driver.Batch, &s.driver.Batch.searches)
	*e = MailboxSearch{Head: s.driver.Batch.head(s, t)}
	return e
}

func (s *Stream) ClientInfo(t int64) *ClientInfo {
	e := add[ClientInfo](s.driver.Batch, &s.driver.Batch.clients)
	*e = ClientInfo{Head: s.driver.Batch.head(s, t)}
	return e
}

func (s *Stream) TLSStart(t int64) *TLSStart {
	e := add[TLSStart](s.driver.Batch, &s.driver.Batch.tls)
	*e = TLSStart{Head: s.driver.Batch.head(s, t), StartTLS: s.seen == AfterStartTLS, Certificates: e.Certificates[:0]}
	return e
}

func (s *Stream) TLSUse(t int64) *TLSUse {
	e := add[TLSUse](s.driver.Batch, &s.driver.Batch.uses)
	*e = TLSUse{Head: s.driver.Batch.head(s, t)}
	e.Confidence = Estimated
	return e
}

func (s *Stream) RuleChange(t int64) *RuleChange {
	e := add[RuleChange](s.driver.Batch, &s.driver.Batch.rules)
	*e = RuleChange{Head: s.driver.Batch.head(s, t), Actions: e.Actions[:0], Conditions: e.Conditions[:0]}
	return e
}

func (s *Stream) Tunnel(t int64) *Tunnel {
	e := add[Tunnel](s.driver.Batch, &s.driver.Batch.tunnels)
	*e = Tunnel{Head: s.driver.Batch.head(s, t)}
	return e
}

func (s *Stream) MailOperation(t int64) *MailOperation {
	e := add[MailOperation](s.driver.Batch, &s.driver.Batch.calls)
	*e = MailOperation{Head: s.driver.Batch.head(s, t)}
	return e
}

func (s *Stream) Opening(t int64) *Opening {
	e := add[Opening](s.driver.Batch, &s.driver.Batch.openings)
	*e = Opening{Head: s.driver.Batch.head(s, t)}
	return e
}

func (s *Stream) Anomaly(t int64, kind string, detail []byte) {
	e := add[Anomaly](s.driver.Batch, &s.driver.Batch.anomaly)
	*e = Anomaly{Head: s.driver.Batch.head(s, t), Kind: kind, Detail: s.driver.Batch.Copy(detail)}
}

func (s *Stream) Copy(b []byte) []byte { return s.driver.Batch.Copy(b) }

func (s *Stream) SetAccount(user []byte) {
	if s.left = len(user) == 0; !s.left {
		s.account = append(s.account[:0], user...)
	}
}

func (s *Stream) SetVia(v *Via) { s.via = v }

func (s *Stream) Via() *Via { return s.via }

func (s *Stream) SetRemote(kind string, name []byte) {
	s.more().remote, s.more().service = kind, append(s.more().service[:0], name...)
}

func (s *Stream) CountRequests(n uint64) { s.more().requests += n }
