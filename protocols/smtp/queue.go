package smtp

// kind is what a reply answers.
type kind uint8

const (
	other    kind = iota // any command without consequences
	blank                // an empty line, which some servers answer and some do not
	hello                // EHLO, HELO, LHLO
	mail                 // MAIL
	rcpt                 // RCPT
	data                 // DATA
	chunk                // BDAT without LAST
	content              // the end of the content: CRLF.CRLF, or BDAT with LAST
	reset                // RSET
	auth                 // AUTH, and each response of its exchange
	startTLS             // STARTTLS
	quit                 // QUIT
	xclient              // XCLIENT
	xforward             // XFORWARD
)

// entry is a command that waits for its reply.
type entry struct {
	tx   *transaction // mail, rcpt, data, chunk, content: its transaction, if any
	rcpt int32        // rcpt: index of the recipient; -1: only counted. xclient, xforward: number of the claim
	more int32        // content in LMTP or PRDR: replies to come beside this one
	kind kind
	prdr bool // content: 353 announced a reply for each recipient (draft-hall-prdr)
	lost bool // server bytes were lost since: the reply may have been among them

	suspect bool // noted while parser.suspect
}

// queue holds the commands without a reply, in order: replies come in the same
// (RFC 2920, section 3.1).
type queue struct {
	entries []entry
	head    int
}

func (q *queue) len() int      { return len(q.entries) - q.head }
func (q *queue) first() *entry { return &q.entries[q.head] }

func (q *queue) push(e entry) {
	if q.head > 0 && len(q.entries) == cap(q.entries) {
		n := copy(q.entries, q.entries[q.head:])
		q.entries, q.head = q.entries[:n], 0
	}
	q.entries = append(q.entries, e)
}

func (q *queue) pop() entry {
	e := q.entries[q.head]
	q.entries[q.head] = entry{}
	if q.head++; q.head == len(q.entries) {
		q.entries, q.head = q.entries[:0], 0
	}
	return e
}

// unpop puts back what pop returned, if nothing was pushed since.
func (q *queue) unpop(e entry) {
	if q.head == 0 {
		q.push(e)
		return
	}
	q.head--
	q.entries[q.head] = e
}

// doubt marks all that waits: server bytes were lost. tell marks the
// transactions too.
func (q *queue) doubt(tell bool) {
	for i := q.head; i < len(q.entries); i++ {
		q.entries[i].lost = true
		if tx := q.entries[i].tx; tx != nil && tell {
			tx.lost = true
		}
	}
}

// takesPositive reports whether a positive reply may be to something else than
// RCPT: to DATA it is none.
func (q *queue) takesPositive() bool {
	for i := q.head; i < len(q.entries); i++ {
		if k := q.entries[i].kind; k != rcpt && k != data {
			return true
		}
	}
	return false
}

// find returns how many entries stand before the first of kind k; -1: none.
func (q *queue) find(k kind) int {
	for i := q.head; i < len(q.entries); i++ {
		if q.entries[i].kind == k {
			return i - q.head
		}
	}
	return -1
}
