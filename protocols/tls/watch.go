package tls

import "mailsensor/capture"

// watch gathers what the records of a connection tell without being read: how
// long the client's are, and how much the server answers to those of a length.
// A round is what the client sends until the server has answered and the client
// speaks again.
type watch struct {
	overhead int  // octets of a record that are not content
	sealed   bool // TLS 1.3: the client's Finished, which looks like data, has not come
	early    int  // records of the client before it
	maxEarly int  // how many there may be
	rounds   uint32
	bursts   uint32
	tooShort uint32    // rounds with a long answer to what is too short to ask for it
	octets   [2]uint64 // of records of application data

	sent     [maxSent]uint16 // lengths of the client's records in this round
	nSent    int
	more     uint32 // records beyond those
	answered uint64 // octets of content of the server in this round
	waiting  bool   // the server has answered: the next record of the client begins a round
	loose    bool   // the last of sent is of octets that are not divided into records
	since    int64  // when the tallies began; 0: not yet

	classes  [maxClasses]class
	nClasses int
}

// Bounds.
const (
	maxSent    = 32
	maxClasses = 48

	maxEarly     = 4  // a client's certificate, its signature, Finished, and one to spare
	maxEarlyData = 64 // the same where it may send data before (RFC 8446, section 2.3)
)

// class is the client's records of one length.
type class struct {
	length   int
	count    uint64
	answered uint64 // octets of the server's answers: those of a round divided among its records
}

// chatter is the longest answer to a command that downloads nothing: capabilities,
// the response to SELECT. Lists of folders or flags can be longer; the estimates
// have to allow for them.
const chatter = 500

// reset prepares for a connection whose handshake has shown version and cipher.
func (w *watch) reset(version, cipher uint16, midstream bool) {
	*w = watch{overhead: overhead(version, cipher), sealed: version == tls13 && !midstream, maxEarly: maxEarly}
	if midstream {
		w.rounds = 1
	}
}

// overhead is how much longer a record is than its content: RFC 8446, section
// 5.2 (content type and tag); RFC 5288 (explicit nonce and tag); RFC 7905 (tag);
// CBC with HMAC-SHA1 (vector, MAC and half a block of padding).
func overhead(version, cipher uint16) int {
	switch {
	case version == tls13:
		return 1 + 16
	case cipher >= 0xcca8 && cipher <= 0xccae:
		return 16
	case isCBC(cipher):
		return 16 + 20 + 8
	}
	return 8 + 16
}

// isCBC knows the cipher suites of RFC 5246 and RFC 4492 that are still met.
func isCBC(cipher uint16) bool {
	switch cipher {
	case 0x002f, 0x0033, 0x0035, 0x0039, 0x003c, 0x003d, 0x0067, 0x006b, 0xc009, 0xc00a, 0xc013, 0xc014, 0xc023, 0xc024, 0xc027, 0xc028:
		return true
	}
	return false
}

// record takes a record of application data that is n octets long.
func (w *watch) record(d capture.Dir, n int) {
	w.octets[d] += uint64(n)
	if w.sealed {
		w.handshake(d, n)
		return
	}
	w.content(d, max(n-w.overhead, 0))
}

// handshake passes by what is of the handshake in TLS 1.3: all of the server's
// before the client's Finished, which has the length of a hash and a head.
func (w *watch) handshake(d capture.Dir, n int) {
	const head = messageHead
	if d == capture.ToServer {
		w.early++
		w.sealed = n != 32+head+w.overhead && n != 48+head+w.overhead && w.early < w.maxEarly
	}
}

// bare takes n octets of which is not known how they are divided into records. What
// the client sends of them in a round is taken for one record: how its segments
// were cut means nothing.
func (w *watch) bare(d capture.Dir, n int) {
	w.octets[d] += uint64(n)
	w.sealed = false
	if d == capture.ToServer && w.loose && !w.waiting {
		if w.more == 0 {
			last := &w.sent[w.nSent-1]
			*last = uint16(min(int(*last)+n, 1<<16-1))
		}
		return
	}
	w.content(d, n)
	w.loose = w.loose || d == capture.ToServer
}

func (w *watch) content(d capture.Dir, n int) {
	if d == capture.ToClient {
		w.answered += uint64(n)
		w.waiting = w.nSent > 0
		return
	}
	if w.waiting {
		w.endRound()
	}
	if w.nSent == maxSent {
		w.more++
		return
	}
	w.sent[w.nSent] = uint16(min(n, 1<<16-1))
	w.nSent++
}

// endRound books a round. The first is the login, with session tickets of the
// server in its answer.
func (w *watch) endRound() {
	if w.nSent > 0 {
		if w.rounds++; w.rounds > 1 {
			w.book()
		}
	}
	w.nSent, w.more, w.answered, w.waiting, w.loose = 0, 0, 0, false, false
}

func (w *watch) book() {
	if w.answered >= chatter {
		w.bursts++
	}
	n := uint64(w.nSent) + uint64(w.more)
	if n == 1 && w.sent[0] < shortFetch && w.answered >= 2*chatter {
		w.tooShort++
	}
	for i, length := range w.sent[:w.nSent] {
		count := uint64(1)
		if i == w.nSent-1 {
			count += uint64(w.more)
		}
		c := w.class(int(length))
		c.count += count
		c.answered += w.answered * count / n
	}
}

// interimEvery is after how much event time a connection that goes on is reported in
// part.
const interimEvery = int64(3600e9)

// due reports whether it is time for that. It is asked when the client speaks, so that
// no round is cut in two.
func (w *watch) due(t int64) bool {
	if w.since == 0 {
		w.since = t
	}
	return t-w.since >= interimEvery && w.waiting
}

// anew begins new tallies.
func (w *watch) anew(t int64) {
	w.since, w.nClasses, w.bursts, w.octets = t, 0, 0, [2]uint64{}
}

// class finds the class of a length; when there is no room for another, the
// nearest.
func (w *watch) class(length int) *class {
	nearest := 0
	for i := range w.classes[:w.nClasses] {
		c := &w.classes[i]
		if c.length == length {
			return c
		}
		if abs(c.length-length) < abs(w.classes[nearest].length-length) {
			nearest = i
		}
	}
	if w.nClasses == maxClasses {
		return &w.classes[nearest]
	}
	w.classes[w.nClasses] = class{length: length}
	w.nClasses++
	return &w.classes[w.nClasses-1]
}

func abs(n int) int { return max(n, -n) }
