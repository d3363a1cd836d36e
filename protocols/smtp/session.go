package smtp

import (
	"slices"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// begin opens a transaction.
func (p *parser) begin(t int64) *transaction {
	tx := p.stock.transaction()
	tx.started, tx.suspect = t, p.suspect
	p.open = append(p.open, tx)
	return tx
}

// beginUnseen opens one whose MAIL was not seen.
func (p *parser) beginUnseen(t int64) *transaction {
	p.makeRoom(t)
	tx := p.begin(t)
	tx.unseen, tx.lost = true, true
	return tx
}

// makeRoom keeps the number of transactions without an outcome within bounds.
func (p *parser) makeRoom(t int64) {
	limit := maxOpen
	if !p.heard {
		limit = maxUnheard
	}
	for len(p.open) >= limit && p.queue.len() > 0 {
		p.answer(t, p.queue.pop(), 0, nil)
	}
	if len(p.open) >= maxOpen {
		p.abandonAll(t)
	}
}

// settle decides about a message by the reply to its content.
func (p *parser) settle(t int64, tx *transaction, code uint16, text []byte) {
	if tx == nil {
		return
	}
	if id := queueID(text); id != nil {
		tx.queueID = append(tx.queueID[:0], id...)
	}
	o := protocols.Rejected
	if positive(code) {
		o = protocols.Accepted
	}
	p.conclude(t, tx, o, code)
}

// conclude ends a transaction. It is told when the last reply to its commands
// has come.
func (p *parser) conclude(t int64, tx *transaction, o protocols.Outcome, code uint16) {
	if tx.decided {
		return
	}
	tx.decided, tx.outcome, tx.code = true, o, code
	if p.cur == tx {
		p.cur = nil
	}
	if p.live == tx {
		p.live = nil
	}
	if p.target == tx {
		if p.mode != octets {
			p.closeData(t)
		}
		p.target = nil
	}
	tx.finish()
	if tx.pending == 0 {
		p.emit(t, tx)
	}
}

// settled takes back the hold that an answered command had on its transaction.
func (p *parser) settled(t int64, tx *transaction) {
	if tx == nil {
		return
	}
	if tx.pending--; tx.decided && tx.pending == 0 {
		p.emit(t, tx)
	}
}

// endLive ends the transaction that is open at the server without a reply to
// its content.
func (p *parser) endLive(t int64) {
	if tx := p.live; tx != nil {
		p.abandon(t, tx)
	}
}

func (p *parser) abandon(t int64, tx *transaction) {
	o, code := tx.ending(p.heard)
	p.conclude(t, tx, o, code)
}

// abandonAll ends everything: no reply will come any more.
func (p *parser) abandonAll(t int64) {
	for p.queue.len() > 0 {
		if e := p.queue.pop(); e.tx != nil {
			p.settled(t, e.tx)
		}
	}
	for len(p.open) > 0 {
		tx := p.open[0]
		tx.pending = 0
		if tx.decided {
			p.emit(t, tx)
		} else {
			p.abandon(t, tx)
		}
	}
}

// newSession forgets what was said (RFC 3207, section 4.2).
func (p *parser) newSession(t int64) {
	p.endLogin(t, 0)
	p.abandonAll(t)
	p.out.SetAccount(nil)
	p.mode, p.asked, p.noise, p.lmtp, p.held = commands, false, false, false, 0
	p.tls, p.injected = noTLS, false
	p.waiting, p.stale = 0, 0
	p.lost, p.torn, p.suspect, p.joined = [2]bool{}, false, false, false
	p.reply = reply{}
	p.helo, p.hello = p.helo[:0], p.hello[:0]
	p.lines[capture.ToServer].Reset()
}

// beginTLS follows the 220 to STARTTLS.
func (p *parser) beginTLS(t int64, e entry) protocols.Action {
	if p.injected {
		p.out.Anomaly(t, "smtp_starttls_injection", nil)
	}
	p.newSession(t)
	p.tls = begunTLS
	return protocols.StartTLS
}

// emit tells a message.
func (p *parser) emit(t int64, tx *transaction) {
	if tx.dropped > 0 {
		p.out.Anomaly(t, "smtp_too_many_recipients", nil)
	}
	p.clearUp(tx)
	m := p.out.Message(t)
	if tx.lost || tx.unseen || p.joined {
		m.Confidence = protocols.LowerBound
	}
	if c := tx.forward; c != nil && c.granted {
		m.Via = c.via(p.out, "xforward")
	}
	m.Outcome, m.Code, m.Started = tx.outcome, tx.code, tx.started
	m.Helo = p.out.Copy(p.helo)
	if !p.heard {
		m.Helo = p.out.Copy(p.hello)
	}
	m.From, m.NullSender, m.UTF8 = p.out.Copy(tx.from), tx.null, tx.utf8
	m.Body, m.Declared = p.out.Copy(tx.body), tx.declared
	m.QueueID = p.out.Copy(tx.queueID)
	m.Transfer, m.Size = tx.transfer, tx.size
	p.recipients(m, tx)
	if tx.parsing {
		tx.facts.Facts(&m.Facts, p.out.Copy)
	}
	p.release(tx)
}

func (p *parser) recipients(m *protocols.Message, tx *transaction) {
	m.RecipientsAccepted, m.RecipientsRejected, m.RecipientsDropped = tx.accepted, tx.rejected, tx.dropped
	for i, r := range tx.rcpts {
		if r.outcome == protocols.Unknown && p.heard && !tx.lost {
			r.outcome = protocols.Unfinished
		}
		m.Recipients = append(m.Recipients, protocols.Recipient{
			Address: p.out.Copy(tx.address(int32(i))), Outcome: r.outcome, Code: r.code,
		})
	}
}

// release gives a transaction back.
func (p *parser) release(tx *transaction) {
	if i := slices.Index(p.open, tx); i >= 0 {
		p.open = slices.Delete(p.open, i, i+1)
	}
	if p.cur == tx {
		p.cur = nil
	}
	if p.live == tx {
		p.live = nil
	}
	p.stock.putTransaction(tx)
}
