package forward

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/address"
	"mailsensor/detectors/freemail"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// passing is a message on its way: who it went to so far.
type passing struct {
	time   int64
	said   bool   // it said by itself that it had been sent on, or made, by a program
	from   string // envelope sender of the first leg
	inside names  // recipients of ours
	others names  // all others, and those who were found to get it besides
}

// maxRecipients bounds what is remembered of a message; one with more is no mail
// to a mailbox.
const maxRecipients = 16

// pair is a mailbox and somebody outside who gets its mail.
type pair struct {
	n       uint64 // messages
	weak    uint64 // of those, such as may have been addressed to both
	authors []string
	first   int64
	lag     int64 // longest time between in and out
}

// message follows a message in, and looks whether it goes out again.
func (d *Detector) message(e *protocols.Message, raise func(detectors.Alert)) {
	if e.Outcome != protocols.Accepted || len(e.Recipients) > maxRecipients || e.RecipientsDropped > 0 {
		return
	}
	var room [3]uint64
	keys, same := d.twinKeys(e, room[:0])
	if len(keys) == 0 {
		return
	}
	d.recipients(e)
	d.expire(e.Time)
	var p passing
	old, by := d.find(keys, e.Time)
	if old == nil {
		p.time, p.said = e.Time, announced(e)
		d.name = address.Append(d.name[:0], e.From)
		p.from = d.kept.keep(d.name)
		d.submitted(e)
	} else if p = *old; p.inside != "" && len(e.Facts.ListID) == 0 {
		for to := range names(d.out).all {
			if !p.others.has(to) && !d.allowed(to) {
				d.twin(e, &p, to, by >= same, raise)
			}
		}
	}
	p.inside, p.others = d.join(p.inside, d.in), d.join(p.others, d.out)
	for _, k := range keys {
		d.put(k, &p)
	}
}

// recipients lists those who were accepted, in d.in and d.out.
func (d *Detector) recipients(e *protocols.Message) {
	d.in, d.out = d.in[:0], d.out[:0]
	for i := range e.Recipients {
		r := &e.Recipients[i]
		if r.Outcome != protocols.Accepted {
			continue
		}
		d.name = address.Append(d.name[:0], r.Address)
		if len(d.name) == 0 {
			continue
		}
		if d.border.Ours(d.name[bytes.LastIndexByte(d.name, '@')+1:]) {
			d.in = appendName(d.in, d.name)
		} else {
			d.out = appendName(d.out, d.name)
		}
	}
}

// submitted notes whom people of ours write to by themselves.
func (d *Detector) submitted(e *protocols.Message) {
	if ours, _ := d.border.Mailbox(e.From); !ours && len(e.Account) == 0 {
		return
	}
	for to := range bytes.Lines(d.out) {
		d.wrote(bytes.TrimSuffix(to, lf), e.Time)
	}
}

// twinKeys appends what two copies of one message share: its Message-ID, or who
// wrote it when about what. Those from index content on are shared by another message
// with the same content, too: what it is about, and the attachments.
func (d *Detector) twinKeys(e *protocols.Message, keys []uint64) (list []uint64, content int) {
	f := &e.Facts
	if len(f.MessageID) > 0 {
		keys = append(keys, protocols.NameID(f.MessageID))
	}
	if len(f.Date) > 0 && len(f.From) > 0 {
		b := append(append(d.key[:0], "d\x00"...), f.Date...)
		b = append(append(b, 0), f.From[0]...)
		b = append(append(b, 0), bare(f.Subject)...)
		keys = append(keys, protocols.NameID(b))
		d.key = b
	}
	content = len(keys)
	b := append(append(d.key[:0], "c\x00"...), bare(f.Subject)...)
	octets := uint64(0)
	for i := range f.Attachments {
		if a := &f.Attachments[i]; a.Hashed {
			b = append(b, a.SHA256[:]...)
			octets += a.Size
		}
	}
	d.key = b
	if octets >= fingerprint {
		keys = append(keys, protocols.NameID(b))
	}
	return keys, content
}

// fingerprint is how many octets of attachments tell a message from others: more
// than the logo that a company puts below all its mail.
const fingerprint = 32 << 10

// bare is a subject without the marks of answers and forwards.
func bare(s []byte) []byte {
	for {
		s = bytes.TrimLeft(s, " \t")
		colon := bytes.IndexByte(s, ':')
		if colon < 1 || colon > 3 || !mark(s[:colon]) {
			return s
		}
		s = s[colon+1:]
	}
}

func mark(word []byte) bool {
	for _, m := range [...]string{"RE", "FW", "FWD", "AW", "WG", "TR", "RV", "SV", "VS", "ENC"} {
		if line.EqualFold(word, m) {
			return true
		}
	}
	return false
}

// find returns a message that came before within TwinWindow, and the index of the key
// that it was found by.
func (d *Detector) find(keys []uint64, t int64) (p *passing, by int) {
	for i, k := range keys {
		if p := d.messages.Get(k); p != nil && t-p.time <= int64(d.config.TwinWindow) {
			return p, i
		}
	}
	return nil, len(keys)
}

// expire lets go of messages that would have come out again by now: what is remembered,
// and stored, is no more than a window of them.
func (d *Detector) expire(now int64) {
	for k, p := d.messages.Oldest(); p != nil && now-p.time > int64(d.config.TwinWindow); k, p = d.messages.Oldest() {
		d.messages.Delete(k)
	}
}

func (d *Detector) put(k uint64, p *passing) {
	m := d.messages.Get(k)
	if m == nil {
		m = d.messages.Insert(k)
	}
	*m = *p
}

// atOnce is how soon a rule acts that sends mail on as a new message. People are
// slower.
const atOnce = time.Minute

// twin is about a message that went to mailboxes of ours and then to somebody
// outside whom it was not addressed to: itself, or another with the same content.
func (d *Detector) twin(e *protocols.Message, p *passing, to string, content bool, raise func(detectors.Alert)) {
	mailbox, sure := owner(e, p)
	said := announced(e) && !p.said
	both, weak := d.addressed(e, p, mailbox, to, said)
	if both {
		return
	}
	if content && !said { // somebody may have sent the attachment on himself, or to two
		if weak || e.Time-p.time > int64(atOnce) {
			return
		}
		weak = true
	}
	b := d.box(mailbox)
	note(&b.targets, to)
	k := mailbox + "\x00" + to
	pr := d.pairs.Get(k)
	if pr == nil {
		pr = d.pairs.Insert(k)
		*pr = pair{first: e.Time, authors: pr.authors[:0]}
	}
	pr.n++
	pr.lag = max(pr.lag, e.Time-p.time)
	note(&pr.authors, p.from)
	if weak {
		pr.weak++
	}
	ruled := slices.Contains(b.rules, to)
	switch {
	case len(b.targets) >= d.config.List && !ruled: // a list
		return
	case pr.weak == pr.n && (pr.n < 3 || len(pr.authors) < 3) && !ruled: // mail to both, sent in two
		return
	}
	al := d.effect(e, pr, mailbox, to, sure, ruled)
	if content {
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "same_content", Seen: 1, Text: "another message with the same attachments and subject"})
	}
	if said {
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "sent_on", Seen: 1, Text: "says of itself: " + marks(e)})
	}
	raise(al)
	if pr.weak < pr.n && e.Time-d.begun > int64(d.config.Learn) || ruled {
		d.shared(&e.Head, mailbox, to, raise)
	}
}

// owner is the mailbox that a message was sent on from, and whether that is sure:
// the only recipient, or the one whom the copy names as its sender.
func owner(e *protocols.Message, p *passing) (mailbox string, sure bool) {
	from := unSRS(address.Canonical(e.From))
	resent := address.Canonical(e.Facts.ResentFrom)
	for m := range p.inside.all {
		if m == from || m == resent || strings.Contains(from, strings.ReplaceAll(m, "@", "=")) {
			return m, true
		}
	}
	return p.inside.first(), p.inside.len() == 1
}

// unSRS undoes the rewriting of an envelope sender by a forwarder
// (SRS0=hash=tt=domain=local@forwarder): it is local@domain.
func unSRS(a string) string {
	if !rewritten([]byte(a)) {
		return a
	}
	local, _, _ := strings.Cut(a, "@")
	parts := strings.Split(local, "=")
	if n := len(parts); n >= 4 {
		return parts[n-1] + "@" + parts[n-2]
	}
	return a
}

// addressed reports whether a message was written to both, and only sent to each by
// itself. It may have been if its author is ours, and nothing says that the mailbox
// sent it on.
func (d *Detector) addressed(e *protocols.Message, p *passing, mailbox, to string, said bool) (both, may bool) {
	f := &e.Facts
	if said || address.Canonical(e.From) == mailbox && p.from != mailbox {
		return false, false
	}
	for _, a := range f.To {
		if address.Canonical(a) == to {
			return true, true
		}
	}
	author := p.from
	if len(f.From) > 0 {
		author = address.Canonical(f.From[0])
	}
	ours, _ := d.border.Domain([]byte(address.DomainOf(author)))
	may = ours && p.from == address.Canonical(e.From)
	return may && f.CcCount > 0, may // whom a copy went to is not known
}

func (d *Detector) effect(e *protocols.Message, pr *pair, mailbox, to string, sure, ruled bool) detectors.Alert {
	al := detectors.Alert{What: "mail_sent_on", Key: "effect " + mailbox + " " + to, Confidence: e.Confidence,
		Entity: detectors.Entity{Kind: detectors.Account, Name: mailbox}, Techniques: []string{"T1114.003"}}
	al.Saw(&e.Head)
	al.Related = []detectors.Entity{{Kind: detectors.Target, Name: to}}
	score := 0.45
	if pr.n >= 2 {
		score = 0.7
	}
	if pr.n >= 5 {
		score = 0.76
	}
	if freemail.Address(to) {
		score += 0.1
	}
	if !sure {
		score -= 0.1
	}
	switch {
	case ruled:
		score = max(score, 0.85)
	case pr.first-d.begun < int64(d.config.Learn): // it may have been always so
		score = min(score, 0.55)
		al.Evidence = append(al.Evidence, detectors.Measure{Name: "always_so", Seen: 1, Text: "it was so when the watch began"})
	case !d.contacted(to, e.Time):
		score += 0.05
	}
	al.Score = min(score, 0.95)
	al.Summary = fmt.Sprintf("mail to %s goes on to %s within %s, %s", mailbox, to, lag(pr.lag), times(pr.n))
	if ruled {
		al.Summary += ", as a rule of the mailbox says"
	}
	al.Evidence = append(al.Evidence, detectors.Measure{Name: "messages_sent_on", Seen: float64(pr.n), Expected: detectors.Value(0), Unit: "messages",
		Text: fmt.Sprintf("%s, from %s", times(pr.n), detectors.Plural(uint64(len(pr.authors)), "sender", "senders"))})
	return al
}

func lag(ns int64) string {
	if d := time.Duration(ns); d > 2*time.Minute {
		return d.Round(time.Minute).String()
	}
	return fmt.Sprintf("%d s", max(1, (ns+int64(time.Second)-1)/int64(time.Second)))
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
