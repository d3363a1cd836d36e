package smtp

import (
	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// mode says what the client's next bytes are.
type mode uint8

const (
	commands      mode = iota
	response           // one line of an AUTH exchange, whatever it looks like
	undecided          // a 354 came that no DATA was seen for: content, unless it is a command
	dataBlock          // content of DATA
	tornBlock          // the same behind a loss, when no reply will tell where it ends: line by line
	octets             // content of BDAT
	refusedOctets      // a chunk the server refused: the client may send it or not
)

// Things that are reported or noted once a connection.
type once uint16

const (
	toldLF once = 1 << iota
	toldCR
	toldLong
	toldCommand
	toldReply
	toldBadReply
	toldOverflow
	toldStripped
)

// parser follows one connection. What only a transaction or an AUTH exchange
// needs is taken from the stock when there is one, so that idle connections are
// small.
type parser struct {
	// What every piece of content touches comes first.
	out    protocols.Sink
	target *transaction // content goes to it; nil: to nobody
	block  line.Block   // dataBlock
	left   uint64       // octets: how many are to come
	mode   mode
	spoke  bool // the client's side was seen
	heard  bool // the server's was
	last   bool // octets: the chunk is the last

	greeting bool // the server's first reply is still to come
	torn     bool // commands may have been lost since the last that began anew
	joined   bool // midway: no session was seen to begin, and replies may be told of wrong commands
	suspect  bool // commands since a loss may be lines of content: no reply has confirmed them
	asked    bool // DATA waits for its verdict
	noise    bool // content was taken for commands: the server complains line by line
	lmtp     bool
	injected bool    // the client sent bytes behind STARTTLS
	lost     [2]bool // bytes of this side are missing: find the next line that makes sense
	tls      tlsState
	reply    reply
	told     once
	held     uint16 // a final reply that came before the end of the content
	waiting  uint16 // octets of an unfinished command line
	stale    uint16 // of those, what the server replied to all the same: no command

	lines [2]line.Scanner
	queue queue
	cur   *transaction   // commands of the client belong to it
	live  *transaction   // the one that is open at the server
	open  []*transaction // all without an outcome, in order of their MAIL
	login *login         // nil: no AUTH exchange is going on

	session *claim // of the session; nil: none
	forward *claim // of the next message; nil: none
	claims  int32

	helo  []byte // argument of the accepted EHLO
	hello []byte // argument of the last EHLO

	stock *stock
	room  struct { // of the slices, as long as they do not outgrow it
		entries     [8]entry
		open        [2]*transaction
		helo, hello [64]byte
	}
}

type tlsState uint8

const (
	noTLS     tlsState = iota
	askedTLS           // STARTTLS waits for its reply
	begunTLS           // the 220 came; the client has to speak next
	spoiltTLS          // the server spoke all the same
)

// Reset implements protocols.Parser.
func (p *parser) Reset(c capture.Conn) {
	for len(p.open) > 0 {
		p.release(p.open[0])
	}
	p.dropLogin()
	clear(p.queue.entries)
	r := &p.room
	*p = parser{
		stock: p.stock, queue: queue{entries: reuse(p.queue.entries, r.entries[:])}, open: reuse(p.open, r.open[:]),
		helo: reuse(p.helo, r.helo[:]), hello: reuse(p.hello, r.hello[:]),
		greeting: c.Handshake, torn: !c.Handshake, joined: !c.Handshake,
		lost: [2]bool{!c.Handshake, !c.Handshake},
	}
	p.lines[capture.ToServer].Max = maxLine
	p.lines[capture.ToClient].Max = maxReply
}

// Parse implements protocols.Parser.
func (p *parser) Parse(d capture.Dir, t int64, b []byte, out protocols.Sink) (n int, act protocols.Action) {
	p.out = out
	if d == capture.ToClient {
		return p.server(t, b)
	}
	p.spoke = true
	if n := min(int(p.stale), len(b)); n > 0 {
		p.stale -= uint16(n)
		p.lines[d].Reset()
		return n, protocols.Continue
	}
	return p.client(t, b)
}

// client takes bytes of the client.
func (p *parser) client(t int64, b []byte) (n int, act protocols.Action) {
	switch p.mode {
	case dataBlock:
		return p.blockData(t, b), protocols.Continue
	case tornBlock:
		return p.tornData(t, b)
	case octets:
		return p.chunkData(t, b), protocols.Continue
	case undecided:
		return p.decide(t, b)
	case refusedOctets:
		return p.refusedChunk(t, b)
	}
	return p.commandLine(t, b)
}

// Gap implements protocols.Parser.
func (p *parser) Gap(d capture.Dir, t int64, n int, out protocols.Sink) {
	p.out = out
	p.lines[d].Reset()
	if d == capture.ToClient {
		p.serverGap()
		return
	}
	p.waiting, p.stale = 0, 0
	p.clientGap(t, uint64(n))
}

// serverGap doubts all that waits for a reply: it may be among what is lost.
func (p *parser) serverGap() {
	p.reply.open = false
	p.greeting = false
	p.lost[capture.ToClient] = true
	p.queue.doubt(p.heard)
	if !p.heard { // this side is not captured at all, and nothing is expected of it
		return
	}
	if p.loginOpen() {
		p.login.lost = true
	}
	if p.target != nil {
		p.target.lost = true
	}
}

// Close implements protocols.Parser.
func (p *parser) Close(t int64, out protocols.Sink) {
	p.out = out
	if p.held != 0 && p.target != nil {
		p.settle(t, p.target, p.held, nil)
	}
	p.endLogin(t, 0)
	p.abandonAll(t)
}

// tell reports an anomaly the first time.
func (p *parser) tell(t int64, what once, kind string) {
	if p.told&what == 0 {
		p.told |= what
		p.out.Anomaly(t, kind, nil)
	}
}

// Held is how many octets of a message's header wait: see protocols.Holder.
func (p *parser) Held() int {
	if p.target == nil {
		return 0
	}
	return p.target.facts.Held()
}
