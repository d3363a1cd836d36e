package tls

import (
	"cmp"
	"math"
	"slices"
)

// Lengths of commands with their line end: "1 FETCH 1 RFC822" is the shortest that
// downloads anything; one for a single message hardly has more than "a0001 UID
// FETCH 1234567 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])".
const (
	shortFetch  = 18
	longFetch   = 72
	fetchFrame  = 36 // of a FETCH with a list of messages: all but the list
	idLength    = 4.5
	leastID     = 2
	repetitions = 3 // commands of one length that are a habit of the client
)

// imap estimates in three ways. A client that asks for each message alone repeats
// commands of nearly one length: they are counted. A long command holds a list of
// messages, whose number its length bounds. A short command with a long answer
// asks for a range: then only octets are known, and messages by the size of mail.
func (w *watch) imap() (messages, bytes guess) {
	classes := w.classes[:w.nClasses]
	slices.SortFunc(classes, func(a, b class) int { return cmp.Compare(a.length, b.length) })
	unit := single(classes)
	var n, answered float64 // of commands for a single message
	lists := 0
	for i := range classes {
		if c := &classes[i]; c.length > longFetch && c.each() >= typicalMail {
			lists += int(c.count)
		}
	}
	for i := range classes {
		c := &classes[i]
		if m := multiple(c.length, unit); m > 0 {
			n += m * float64(c.count)
			answered += float64(c.answered)
			continue
		}
		isolated(c, lists >= repetitions, &messages, &bytes)
	}
	if n > 0 {
		repeated(n, answered, &messages, &bytes)
	}
	if w.tooShort > 0 { // both sides are compressed (RFC 4978)
		messages.scale(deflated/2.0, 1, deflated)
		bytes.scale(deflated/2.0, 1, deflated)
	}
	return messages, bytes
}

// single returns the length of the commands that ask for one message each, if
// the client has that habit: the shortest length that comes again and again and,
// with its small multiples, got most of what the server sent. 0: there is none.
func single(classes []class) int {
	total := 0.0
	for i := range classes {
		if classes[i].each() >= chatter {
			total += float64(classes[i].answered)
		}
	}
	for i := range classes {
		unit := classes[i].length
		if unit < shortFetch || unit > longFetch {
			continue
		}
		var alone, got, explained float64
		for k := range classes {
			c := &classes[k]
			m := multiple(c.length, unit)
			if m == 1 {
				alone += float64(c.count)
				got += float64(c.answered)
			}
			if m > 0 && 2*grows*m <= float64(unit) { // beyond, almost any length is a multiple
				explained += float64(c.answered)
			}
		}
		if alone >= repetitions && got/alone >= chatter/2 && explained > 0.6*total {
			return unit
		}
	}
	return 0
}

// grows is how much longer a command gets by itself, as tags and message numbers
// take more digits.
const grows = 3

// multiple says how many commands of the length unit a record of length holds; 0:
// it is another command.
func multiple(length, unit int) float64 {
	if unit == 0 || length < unit {
		return 0
	}
	m := math.Round(float64(length) / (float64(unit) + grows/2.0))
	if least := float64(unit) * m; m < 1 || float64(length) < least || float64(length) > least+grows*m {
		return 0
	}
	return m
}

// repeated adds n commands for one message each.
func repeated(n, answered float64, messages, bytes *guess) {
	content := max(0, answered-n*lineBytes)
	low, least := 0.85*n-1, 0.8*content
	switch each := answered / n; {
	case each < chatter/2: // flags
		return
	case each < smallMail: // or headers
		low, least = 0, 0
	}
	messages.add(n, max(low, 0), 1.1*n+1)
	bytes.add(content, least, answered)
}

// isolated adds the commands of a class that are no habit. lists says that the
// client asks for lists of messages again and again.
func isolated(c *class, lists bool, messages, bytes *guess) {
	each, count := c.each(), float64(c.count)
	if each < chatter || c.length < shortFetch/2 {
		return
	}
	answered := each * count
	most := max(1, each/smallMail)
	switch {
	case c.length > longFetch:
		best := min(float64(c.length-fetchFrame)/idLength, most)
		if each/(float64(c.length-fetchFrame)/idLength) < smallMail && !lists { // rather their headers
			best = 0
		}
		most = min(most, float64(c.length-fetchFrame/2)/leastID)
		low, least := 0.0, 0.0
		if lists {
			low, least = best/2, answered*0.7
		}
		messages.add(best*count, low*count, most*count)
		bytes.add(best*count/max(best*count, 1)*max(0, answered-best*count*lineBytes), least, answered)
	case each >= 2*typicalMail: // a range, or a large message
		low, least := 0.0, 0.0
		if each >= 8*typicalMail {
			low, least = max(1, each/largeMail), answered*0.8
		}
		best := max(1, each/typicalMail)
		messages.add(best*count, low*count, most*count)
		bytes.add(max(0, answered-best*count*lineBytes), least, answered)
	default: // a message, or a list of folders or flags
		messages.add(count, 0, most*count)
		bytes.add(max(0, answered-count*lineBytes), 0, answered)
	}
}
