package smtp

import (
	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// startData turns to the content of a DATA command.
func (p *parser) startData(tx *transaction) {
	p.asked = false
	p.mode, p.target = dataBlock, tx
	p.lost[capture.ToServer] = false
	p.block.Reset()
	p.lines[capture.ToServer].Reset()
	if tx != nil {
		tx.begin(protocols.Data, p.stock.mime)
	}
}

// earlyData turns to content that comes before the 354: the server's side is
// not seen, its reply was lost, or the client did not wait.
func (p *parser) earlyData(t int64) {
	tx := p.cur
	p.startData(tx)
	if tx == nil {
		return
	}
	tx.early = true
	if p.heard && !tx.lost {
		p.out.Anomaly(t, "smtp_early_data", nil)
	}
}

// blockData takes content of DATA, up to its end.
func (p *parser) blockData(t int64, b []byte) (n int) {
	tx := p.target
	for n < len(b) {
		piece, k, done := p.block.Next(b[n:])
		n += k
		if len(piece) > 0 && tx != nil {
			tx.facts.Write(piece)
		}
		if done {
			p.endData(t)
			return n
		}
	}
	return n
}

// endData notes the end of the content of DATA, which the server has to answer.
func (p *parser) endData(t int64) {
	tx := p.target
	p.closeData(t)
	p.mode = commands
	if p.held != 0 {
		code := p.held
		p.held = 0
		p.settle(t, tx, code, nil)
		return
	}
	p.endContent(t)
}

// endContent waits for the reply to content that is complete.
func (p *parser) endContent(t int64) {
	p.makeWay(t)
	tx := p.target
	e := entry{kind: content, tx: tx}
	if tx != nil {
		tx.complete = true
		if p.lmtp {
			e.more = max(0, int32(tx.accepted)-1)
		}
	}
	if p.cur == tx {
		p.cur = nil
	}
	p.target = nil
	p.enqueue(e)
}

// closeData ends the block, wherever it is, and reports what was odd about it.
func (p *parser) closeData(t int64) {
	tx := p.target
	if tx == nil {
		return
	}
	p.block.EndLost()
	tx.size = p.block.Octets
	if tx.gapped && tx.declared > 0 { // what was lost counts with its stuffed dots
		tx.size = min(tx.size, tx.declared)
	}
	tx.odd |= p.block.Odd
	tx.finish()
	for _, o := range [...]struct {
		odd  line.Oddity
		kind string
	}{
		{line.OddLF, "smtp_bare_lf"}, {line.OddCR, "smtp_bare_cr"},
		{line.OddLong, "smtp_long_line"}, {line.Smuggled, "smtp_smuggling_candidate"},
	} {
		if tx.odd&o.odd != 0 {
			p.out.Anomaly(t, o.kind, nil)
		}
	}
}

// decide looks at what follows a 354 whose DATA was not seen. The 354 may have
// overtaken its command; otherwise the client now sends content.
func (p *parser) decide(t int64, b []byte) (n int, act protocols.Action) {
	text, n, end := p.lines[capture.ToServer].Next(b)
	if end == line.Wait {
		return 0, protocols.Continue
	}
	p.lines[capture.ToServer].Reset()
	if end == line.TooLong || !p.certain(text) {
		p.mode = dataBlock
		return p.blockData(t, b), protocols.Continue
	}
	tx := p.target
	if w, _ := verb(text); w == wordData {
		p.startData(tx)
		return n, protocols.Continue
	}
	p.mode, p.target = commands, nil
	if tx != nil && tx.unseen && tx.pending == 0 && tx.asked == 0 {
		p.release(tx) // it was made for this 354
	}
	return p.commandLine(t, b)
}

// tornData takes content line by line, behind a loss that may hold its end, when
// there are no replies to tell. A line that is a command beyond doubt ends it.
func (p *parser) tornData(t int64, b []byte) (n int, act protocols.Action) {
	text, n, end := p.lines[capture.ToServer].Next(b)
	tx := p.target
	whole := end == line.CRLF || end == line.BareLF
	switch {
	case n == 0:
		return 0, protocols.Continue
	case whole && len(text) == 1 && text[0] == '.':
		p.endData(t)
		return n, protocols.Continue
	case whole && p.certain(text):
		p.endData(t)
		return p.commandLine(t, b)
	}
	b = b[:n]
	if whole && b[0] == '.' {
		b = b[1:]
	}
	p.block.Octets += uint64(len(b))
	if tx != nil {
		tx.facts.Write(b)
	}
	return n, protocols.Continue
}

// bdatCommand notes BDAT and turns to its octets, which follow at once (RFC
// 3030, section 2).
func (p *parser) bdatCommand(t int64, arg []byte) {
	size, rest, ok := line.Number(arg)
	if rest = line.Trim(rest); !ok || len(rest) > 0 && !line.EqualFold(rest, "LAST") {
		p.enqueue(entry{kind: other}) // no octets follow a command that is none
		return
	}
	if p.cur == nil && p.torn {
		p.cur = p.beginUnseen(t)
	}
	p.target, p.left, p.last = p.cur, size, len(rest) > 0
	if tx := p.cur; tx != nil {
		tx.begin(protocols.BDAT, p.stock.mime)
	}
	if !p.last {
		p.enqueue(entry{kind: chunk, tx: p.cur})
	}
	if p.mode = octets; size == 0 {
		p.endChunk(t)
	}
}

// chunkData takes octets of a chunk.
func (p *parser) chunkData(t int64, b []byte) (n int) {
	n = int(min(uint64(len(b)), p.left))
	if tx := p.target; tx != nil {
		tx.facts.Write(b[:n])
		tx.size += uint64(n)
	}
	if p.left -= uint64(n); p.left == 0 {
		p.endChunk(t)
	}
	return n
}

// endChunk goes back to commands, which may follow without a CRLF.
func (p *parser) endChunk(t int64) {
	p.mode = commands
	tx := p.target
	if !p.last {
		p.target = nil
		return
	}
	if tx != nil {
		tx.finish()
	}
	code := p.held
	p.held = 0
	if code != 0 {
		p.settle(t, tx, code, nil)
		return
	}
	p.endContent(t)
}

// refusedChunk takes what comes after a chunk was refused before all of it had
// been seen. The length announced is no reason to look away: a command ends it.
func (p *parser) refusedChunk(t int64, b []byte) (n int, act protocols.Action) {
	text, n, end := p.lines[capture.ToServer].Next(b)
	if (end == line.CRLF || end == line.BareLF) && p.certain(text) {
		p.mode = commands
		return p.commandLine(t, b)
	}
	if n == 0 {
		return 0, protocols.Continue
	}
	if uint64(n) >= p.left { // all of it was sent
		n = int(p.left)
		p.mode = commands
		p.lines[capture.ToServer].Reset()
	}
	p.left -= uint64(n)
	return n, protocols.Continue
}

// clientGap copes with n octets of the client that are lost.
func (p *parser) clientGap(t int64, n uint64) {
	if p.loginOpen() {
		p.login.exchange.Gap()
	}
	switch p.mode {
	case octets, refusedOctets:
		k := min(n, p.left)
		if tx := p.target; tx != nil {
			tx.gap(k)
			tx.size += k
		}
		p.left -= k
		if n -= k; p.left == 0 && p.mode == octets {
			p.endChunk(t)
		} else if p.left == 0 {
			p.mode = commands
		}
		if n == 0 {
			return
		}
	case undecided, dataBlock, tornBlock:
		p.mode = dataBlock
		if !p.heard {
			p.mode = tornBlock
		}
		p.block.Gap(n)
		if p.target != nil {
			p.target.gap(n)
		}
		return
	}
	p.mode = commands
	p.lost[capture.ToServer], p.torn, p.asked = true, true, false
	if p.cur != nil {
		p.cur.lost = true
	}
}
