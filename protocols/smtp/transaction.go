package smtp

import (
	"mailsensor/protocols"
	"mailsensor/protocols/line"
	"mailsensor/protocols/mime"
)

// transaction is one mail transaction (RFC 5321, section 3.3), from its MAIL
// command until it is told as a Message. It lives on after its end for as long
// as replies to its commands are to come.
type transaction struct {
	record
	facts mime.Parser // at work when parsing
	room  struct {    // of the record's slices, as long as they do not outgrow it
		from      [64]byte
		body      [16]byte
		queueID   [64]byte
		addresses [192]byte
		rcpts     [8]recipient
	}
}

// record is what is known of a transaction; first what every command touches.
type record struct {
	pending  int    // entries of the queue that name it
	asked    uint32 // RCPT commands
	accepted uint32
	rejected uint32
	dropped  uint32
	answered bool // the server said something about it
	lost     bool // bytes were lost that concern it
	decided  bool
	unseen   bool   // MAIL itself was not seen
	suspect  bool   // begun while parser.suspect
	refusal  uint16 // last code of a refused RCPT
	refused  uint16 // code that refused DATA or a chunk; it may yet be tried again

	rcpts     []recipient
	addresses []byte

	parsing  bool // facts is at work on this transaction
	finished bool // facts has seen the end
	gapped   bool // content was lost
	complete bool // the end of the content was seen
	early    bool // content came before its 354
	odd      line.Oddity
	transfer protocols.Transfer
	size     uint64

	from     []byte
	null     bool
	utf8     bool
	body     []byte
	declared uint64
	started  int64

	outcome protocols.Outcome
	code    uint16
	queueID []byte
	forward *claim // whom it was sent for; nil: nobody else
	served  int32  // LMTP: index of the recipient the next reply is about
}

type recipient struct {
	end     uint32 // of its address in addresses
	outcome protocols.Outcome
	code    uint16
}

// clear makes tx new, with the memory it has.
func (tx *transaction) clear() {
	r := &tx.room
	tx.record = record{
		from: reuse(tx.from, r.from[:]), body: reuse(tx.body, r.body[:]), queueID: reuse(tx.queueID, r.queueID[:]),
		addresses: reuse(tx.addresses, r.addresses[:]), rcpts: reuse(tx.rcpts, r.rcpts[:]),
	}
}

// recipient adds one and returns its index; -1: it is only counted.
func (tx *transaction) recipient(address []byte) int32 {
	tx.asked++
	if len(tx.rcpts) >= maxRecipients {
		tx.dropped++
		return -1
	}
	tx.addresses = append(tx.addresses, address...)
	tx.rcpts = append(tx.rcpts, recipient{end: uint32(len(tx.addresses))})
	return int32(len(tx.rcpts) - 1)
}

// address is that of a recipient; nil: it was only counted.
func (tx *transaction) address(i int32) []byte {
	if i < 0 {
		return nil
	}
	start := uint32(0)
	if i > 0 {
		start = tx.rcpts[i-1].end
	}
	return tx.addresses[start:tx.rcpts[i].end]
}

// verdict is the reply to a RCPT.
func (tx *transaction) verdict(i int32, code uint16) {
	o := protocols.Accepted
	if positive(code) {
		tx.accepted++
	} else {
		o = protocols.Rejected
		tx.rejected++
		tx.refusal = code
	}
	if i >= 0 {
		tx.rcpts[i].outcome, tx.rcpts[i].code = o, code
	}
}

// delivery is a reply after the content in LMTP: the verdict on the next
// recipient that was accepted (RFC 2033, section 4.2).
func (tx *transaction) delivery(code uint16) {
	for ; int(tx.served) < len(tx.rcpts); tx.served++ {
		r := &tx.rcpts[tx.served]
		if r.outcome != protocols.Accepted {
			continue
		}
		r.code = code
		if !positive(code) {
			r.outcome = protocols.Rejected
			tx.accepted--
			tx.rejected++
		}
		tx.served++
		return
	}
}

// begin makes tx ready for content.
func (tx *transaction) begin(how protocols.Transfer, want mime.Options) {
	tx.transfer = how
	if tx.parsing {
		return
	}
	tx.facts.Reset(want)
	tx.parsing = true
}

// finish tells facts that no more content comes.
func (tx *transaction) finish() {
	if tx.parsing && !tx.finished {
		tx.finished = true
		tx.facts.Finish()
	}
}

// gap notes n octets of content that are lost.
func (tx *transaction) gap(n uint64) {
	tx.lost, tx.gapped = true, true
	if tx.parsing {
		tx.facts.Gap(n)
	}
}

// refuse takes back content that the server did not want to see.
func (tx *transaction) refuse(code uint16) {
	tx.refused = code
	if tx.transfer == protocols.Data {
		tx.transfer, tx.size, tx.odd, tx.parsing = protocols.NoTransfer, 0, 0, false
	}
}

// ending is the outcome of a transaction that ends without a reply to its
// content.
func (tx *transaction) ending(heard bool) (protocols.Outcome, uint16) {
	switch {
	case tx.refused != 0:
		return protocols.Rejected, tx.refused
	case tx.asked > 0 && tx.rejected == tx.asked:
		return protocols.Rejected, tx.refusal
	case !heard || tx.lost && (tx.complete || !tx.answered):
		return protocols.Unknown, 0
	}
	return protocols.Unfinished, 0
}
