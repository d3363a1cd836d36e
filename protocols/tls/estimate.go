package tls

import (
	"mailsensor/capture"
	"mailsensor/protocols"
)

// What the estimates suppose of mail, in octets. docs/estimate.md gives the
// reasons, and how far off the results were.
const (
	smallMail   = 700       // the least that messages have on average: a header block of a few hops and some lines
	typicalMail = 8 << 10   // the geometric mean between the least and the most
	largeMail   = 100 << 10 // the most that they have on average
	lineBytes   = 100       // what a server says around each message
	deflated    = 5         // how many times text may be compressed
)

// guess is a count with an interval.
type guess struct{ best, low, high float64 }

func (g *guess) add(best, low, high float64) {
	g.best += best
	g.low += low
	g.high += high
}

func (g *guess) scale(best, low, high float64) {
	g.best *= best
	g.low *= low
	g.high *= high
}

// interim sends what was estimated since the last time, if that was anything: events
// of a connection are of parts of it, one behind the other, and add up.
func (w *watch) interim(service string, t int64, out protocols.Sink) {
	w.endRound()
	if _, bytes := w.guesses(service); bytes.high == 0 {
		w.since = t
		return
	}
	w.report(service, t, out).Interim = true
	w.anew(t)
}

func (w *watch) guesses(service string) (messages, bytes guess) {
	if service == "pop3" {
		return w.pop3()
	}
	return w.imap()
}

// report sends what was estimated; nil: there was nothing.
func (w *watch) report(service string, t int64, out protocols.Sink) *protocols.TLSUse {
	w.endRound()
	if w.octets[0]+w.octets[1] == 0 {
		return nil
	}
	messages, bytes := w.guesses(service)
	e := out.TLSUse(t)
	e.Service = service
	e.Messages, e.MessagesLow, e.MessagesHigh = uint32(messages.best+0.5), uint32(messages.low), uint32(messages.high+0.999)
	e.Bytes, e.BytesLow, e.BytesHigh = uint64(bytes.best), uint64(bytes.low), uint64(bytes.high)
	e.Bursts = w.bursts
	e.ToServer, e.ToClient = w.octets[capture.ToServer], w.octets[capture.ToClient]
	return e
}

// each is the average answer to a record of the class.
func (c *class) each() float64 { return float64(c.answered) / float64(max(c.count, 1)) }
