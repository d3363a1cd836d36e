package protocols

// The methods of Sink on a Stream: each takes an event from the batch and
// stamps it with the connection.

func (s *Stream) Login(t int64) *Login {
	e := add[Login](s.driver.Batch, &s.driver.Batch.logins)
	*e = Login{Head: s.driver.Batch.head(s, t)}
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
	*e = TLSStart{Head: s.driver.Batch.head(s, t)}
	return e
}

func (s *Stream) Anomaly(t int64, kind string, detail []byte) {
	e := add[Anomaly](s.driver.Batch, &s.driver.Batch.anomaly)
	*e = Anomaly{Head: s.driver.Batch.head(s, t), Kind: kind, Detail: s.driver.Batch.Copy(detail)}
}

func (s *Stream) Copy(b []byte) []byte { return s.driver.Batch.Copy(b) }

func (s *Stream) SetAccount(user []byte) { s.account = append(s.account[:0], user...) }
