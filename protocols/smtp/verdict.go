package smtp

import (
	"math"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// replied binds a reply to the command it answers.
func (p *parser) replied(t int64, code uint16, text []byte) protocols.Action {
	if p.greeted(code) {
		return protocols.Continue
	}
	if p.noise {
		if code >= 500 && code <= 503 {
			return protocols.Continue
		}
		p.noise = false
	}
	if code == 221 && p.queue.find(quit) < 0 { // its QUIT was lost, and it grants nothing else
		for p.queue.len() > 0 {
			p.answer(t, p.queue.pop(), 0, nil)
		}
		return protocols.Continue
	}
	if p.contradicts(code, text) {
		p.retract()
	}
	if !p.match(t, code) {
		return p.unmatched(t, code, text)
	}
	e := p.queue.pop()
	p.confirm(e, code, text)
	if e.kind == startTLS && code == 220 {
		return p.beginTLS(t, e)
	}
	p.answer(t, e, code, text)
	return protocols.Continue
}

// greeted takes the reply that opens the connection (RFC 5321, section 3.1).
func (p *parser) greeted(code uint16) bool {
	if !p.greeting {
		return code == 220 && (p.queue.len() == 0 || p.queue.first().kind != startTLS && p.queue.first().kind != xclient)
	}
	p.greeting = false
	return code == 220 || code >= 400
}

// match makes the command that a reply with this code answers the first of the
// queue. Commands whose reply was lost are passed over when the code cannot be
// theirs.
func (p *parser) match(t int64, code uint16) bool {
	ahead := -1
	switch code {
	case 354:
		ahead = p.queue.find(data)
	case 334, 235:
		ahead = p.queue.find(auth)
	case 221:
		ahead = p.queue.find(quit)
	default:
		ahead = p.plain(code)
	}
	if ahead < 0 || ahead >= p.queue.len() {
		return false
	}
	for ; ahead > 0; ahead-- {
		p.answer(t, p.queue.pop(), 0, nil)
	}
	return true
}

// plain is match for codes that many commands are answered with.
func (p *parser) plain(code uint16) int {
	for i := p.queue.head; i < len(p.queue.entries); i++ {
		switch e := &p.queue.entries[i]; {
		case e.kind == blank && code < 500: // not answered by this server
		case e.kind == auth && e.lost && positive(code): // 235 would be its reply (RFC 4954, section 6)
		case e.kind == data && positive(code):
			// A 2xx asks for no content: it answers something unseen, or,
			// if content went out and the 354 was lost, that content.
			if i+1 < len(p.queue.entries) && p.queue.entries[i+1].kind == content {
				return i + 1 - p.queue.head
			}
			return -1
		default:
			return i - p.queue.head
		}
	}
	return -1
}

func (p *parser) confirm(e entry, code uint16, text []byte) {
	if e.tx != nil && e.lost {
		e.tx.lost = true
	}
	if p.confirms(e, code, text) {
		p.suspect = false
	}
}

// unmatched copes with a reply that answers no command in the queue.
func (p *parser) unmatched(t int64, code uint16, text []byte) protocols.Action {
	switch {
	case p.loginOpen() && (code == 334 || code == 235 || code == 535):
		p.authReply(t, code, text)
	case code == 354:
		p.unseenData(t)
	case p.contentOpen() && (positive(code) || code >= 400):
		p.midContent(t, code, text)
	case positive(code) && (p.torn || !p.spoke) && queued(text):
		tx := p.cur
		if tx == nil {
			tx = p.beginUnseen(t)
		}
		tx.lost = true
		p.settle(t, tx, code, text)
	case code == 421 || p.torn || !p.spoke || p.lost[capture.ToServer]:
	default:
		p.tell(t, toldReply, "smtp_unexpected_reply")
	}
	return protocols.Continue
}

func (p *parser) contentOpen() bool {
	return p.mode == undecided || p.mode == dataBlock || p.mode == tornBlock || p.mode == octets && p.last
}

// unseenData copes with a 354 whose DATA was not seen: it was lost, the client's
// side is not captured at all, or a server was talked into a second message.
func (p *parser) unseenData(t int64) {
	if p.contentOpen() {
		return
	}
	tx := p.cur
	if tx == nil && p.live != nil && !p.live.complete {
		tx = p.live
	}
	if tx == nil {
		tx = p.beginUnseen(t)
	}
	tx.lost = true
	p.startData(tx)
	p.mode = undecided
}

// midContent copes with a final reply that comes before the end of the content.
func (p *parser) midContent(t int64, code uint16, text []byte) {
	tx := p.target
	switch {
	case p.mode == octets && positive(code):
		p.held = code
	case p.mode == octets:
		p.mode, p.target = refusedOctets, nil
		p.lines[capture.ToServer].Reset()
		p.settle(t, tx, code, text)
	case tx == nil || tx.lost || p.block.Odd&line.Smuggled != 0 || p.mode == undecided:
		// The content ended where it was not seen.
		p.closeData(t)
		p.mode, p.target = commands, nil
		p.lines[capture.ToServer].Reset()
		p.lost[capture.ToServer], p.torn = true, true
		p.settle(t, tx, code, text)
	default: // refused while the client goes on sending, or two taps out of step
		p.held = code
	}
}

// answer applies the reply to a command. Code 0 is a reply that was not seen.
func (p *parser) answer(t int64, e entry, code uint16, text []byte) {
	if e.tx != nil {
		e.tx.answered = e.tx.answered || code != 0
		e.tx.lost = e.tx.lost || code == 0 && p.heard
	}
	switch e.kind {
	case hello:
		p.helloReply(t, e, code)
	case mail:
		p.mailReply(t, e.tx, code)
	case rcpt:
		p.rcptReply(e, code, text)
	case data:
		p.dataReply(t, e.tx, code)
	case chunk:
		p.chunkReply(e.tx, code)
	case content:
		p.contentReply(t, e, code, text)
	case reset:
		p.resetReply(t, code)
	case auth:
		p.authReply(t, code, text)
	case startTLS:
		p.tls, p.injected = noTLS, false
		if code != 0 {
			p.out.Anomaly(t, "smtp_starttls_refused", nil)
		}
	case quit:
		if positive(code) {
			p.endLive(t)
		}
	case xclient:
		p.clientReply(t, e, code)
	case xforward:
		p.forwardReply(e, code)
	}
	p.settled(t, e.tx)
}

// helloReply starts a session, if the server accepts: whatever was open is
// over (RFC 5321, section 4.1.4). A refusal changes nothing.
func (p *parser) helloReply(t int64, e entry, code uint16) {
	if !positive(code) && code != 0 {
		return
	}
	p.endLive(t)
	p.lmtp = e.more > 0
	p.torn = false
	p.joined = p.joined && code == 0
	p.helo = append(p.helo[:0], p.hello...)
}

// mailReply opens the transaction at the server, or not.
func (p *parser) mailReply(t int64, tx *transaction, code uint16) {
	if positive(code) || code == 0 {
		if p.live != tx {
			p.endLive(t)
		}
		if !tx.decided {
			p.live = tx
		}
		return
	}
	p.conclude(t, tx, protocols.Rejected, code)
	if p.live == nil {
		return
	}
	p.adopt(tx) // a refused MAIL leaves the transaction before it open
	if p.cur == nil {
		p.cur = p.live
	}
}

// rcptReply is the verdict on a recipient.
func (p *parser) rcptReply(e entry, code uint16, text []byte) {
	switch {
	case e.tx == nil || code == 0:
	case p.sure(e, code, text):
		e.tx.verdict(e.rcpt, code)
	default:
		e.tx.lost = true
	}
}

// adopt gives the commands that were pipelined behind a refused MAIL to the
// transaction that is open, as the server does.
func (p *parser) adopt(from *transaction) {
	for i := p.queue.head; i < len(p.queue.entries); i++ {
		e := &p.queue.entries[i]
		if e.tx != from || e.kind != rcpt && e.kind != data {
			continue
		}
		if e.kind == rcpt {
			e.rcpt = p.live.recipient(from.address(e.rcpt))
		}
		e.tx = p.live
		from.pending--
		p.live.pending++
	}
	from.rcpts, from.addresses, from.asked, from.dropped = from.rcpts[:0], from.addresses[:0], 0, 0
}

// dataReply turns to content, or not.
func (p *parser) dataReply(t int64, tx *transaction, code uint16) {
	switch {
	case code == 0:
	case code == 354:
		if tx != nil && tx.early { // it is under way or over
			return
		}
		p.dropPending(t)
		if tx == nil || tx.decided { // the server knows better
			tx = p.beginUnseen(t)
		}
		p.startData(tx)
	case tx == nil:
		p.asked = false
	default:
		p.dataRefused(tx, code)
	}
}

// dropPending forgets commands that were sent behind DATA: to the server they
// are content.
func (p *parser) dropPending(t int64) {
	for p.queue.len() > 0 {
		e := p.queue.pop()
		if e.kind == mail {
			p.conclude(t, e.tx, protocols.Unfinished, 0)
		}
		p.settled(t, e.tx)
	}
}

// dataRefused goes back to commands. Content that was sent all the same reaches
// the server as commands, each line with its own complaint.
func (p *parser) dataRefused(tx *transaction, code uint16) {
	p.asked = false
	if tx.early {
		p.noise = true
		if p.target == tx && p.mode != commands {
			p.mode, p.target = commands, nil
			p.lines[capture.ToServer].Reset()
			p.lost[capture.ToServer] = true
		}
		p.unqueue(tx)
		tx.early, tx.complete = false, false
		if p.cur == nil {
			p.cur = p.live
		}
	}
	tx.refuse(code)
}

// unqueue drops the entry for the end of content that was none.
func (p *parser) unqueue(tx *transaction) {
	if p.queue.len() > 0 && p.queue.first().kind == content && p.queue.first().tx == tx {
		p.queue.pop()
		tx.pending--
	}
}

// chunkReply is the reply to a BDAT that is not the last.
func (p *parser) chunkReply(tx *transaction, code uint16) {
	if positive(code) || code == 0 {
		return
	}
	if tx != nil {
		tx.refuse(code)
	}
	if p.mode == octets && !p.last && p.queue.len() == 0 { // it is about the chunk that is still coming
		p.mode, p.target = refusedOctets, nil
		p.lines[capture.ToServer].Reset()
	}
}

// contentReply is the reply that decides about a message.
func (p *parser) contentReply(t int64, e entry, code uint16, text []byte) {
	if e.tx == nil {
		return
	}
	if code == 0 {
		p.conclude(t, e.tx, protocols.Unknown, 0)
		return
	}
	switch {
	case code == 353 && !e.prdr:
		e.prdr, e.more = true, int32(min(e.tx.accepted, math.MaxInt32))
		p.await(e)
	case e.prdr && e.more > 0:
		e.tx.delivery(code)
		e.more--
		p.await(e)
	case p.lmtp && !e.prdr:
		p.deliveryReply(t, e, code, text)
	default:
		p.settle(t, e.tx, code, text)
	}
}

// await puts back content to which more replies come.
func (p *parser) await(e entry) {
	e.tx.pending++
	p.queue.unpop(e)
}

// deliveryReply is one of the replies of LMTP, one for each recipient.
func (p *parser) deliveryReply(t int64, e entry, code uint16, text []byte) {
	tx := e.tx
	tx.delivery(code)
	if tx.code == 0 || positive(code) && !positive(tx.code) {
		tx.code = code
		tx.queueID = append(tx.queueID[:0], queueID(text)...)
	}
	if e.more > 0 {
		e.more--
		p.await(e)
		return
	}
	p.settle(t, tx, tx.code, nil)
}

// resetReply ends what is open.
func (p *parser) resetReply(t int64, code uint16) {
	if positive(code) || code == 0 {
		p.endLive(t)
	} else if p.cur == nil {
		p.cur = p.live
	}
}
