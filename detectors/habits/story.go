package habits

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/protocols"
)

// Topic is which detector a story is for.
type Topic uint8

// The topics.
const (
	Sending     Topic = iota // mail that is sent, and what a host downloads
	Downloading              // messages that an account downloads
	Entering                 // logins: that fail, of how many accounts, from how many hosts
)

// Story is what was unusual about one entity in a window: one burst shows in several
// metrics, in a host and its account.
type Story struct {
	Topic   Topic
	Quiet   bool // less than usual
	Subject detectors.Entity
	Related []detectors.Entity
	Scores  []baseline.Score // a person's before a host's, the most severe first
	Shared  []string         // hosts among those it came from that many share

	trace *trace
}

// told about somebody, for a day.
type told struct {
	time   int64
	excess float64 // over what was expected: more is a new story to the host
	person string
	kind   detectors.Kind
}

func excess(s *baseline.Score) float64 { return math.Abs(s.Seen - s.Expected) }

// compose makes stories of the scores of the windows that closed.
func (t *Tracker) compose(now int64) {
	for i := range t.scores { // people first: they explain their hosts
		if s := &t.scores[i]; s.Kind == baseline.Account || s.Kind == baseline.Sender {
			t.ofPerson(s, now)
		}
	}
	for i := range t.scores {
		if s := &t.scores[i]; s.Kind == baseline.Host {
			t.ofHost(s, now)
		}
	}
	t.stories = slices.DeleteFunc(t.stories, func(s Story) bool { return !t.admit(&s, now) })
	for i := range t.stories {
		t.complete(&t.stories[i])
	}
	t.scores = t.scores[:0]
}

func topic(s *baseline.Score) Topic {
	switch s.Metric {
	case baseline.MessagesDownloaded, baseline.BytesDownloaded:
		return Downloading
	case baseline.LoginFailures, baseline.Accounts, baseline.Hosts:
		return Entering
	}
	return Sending
}

// ofPerson takes up a score of an account or a sender. That one was quiet is no story:
// people go on vacation.
func (t *Tracker) ofPerson(s *baseline.Score, now int64) {
	if s.Channel == baseline.Fall {
		return
	}
	kind := detectors.Account
	if s.Kind == baseline.Sender {
		kind = detectors.Sender
	}
	t.add(topic(s), detectors.Entity{Kind: kind, Name: s.Entity}, s)
	if p := t.people.Peek(s.Entity); p != nil {
		for _, h := range p.hosts {
			if h != 0 {
				t.blame(h^mix(uint64(topic(s))), told{now, excess(s), s.Entity, kind})
			}
		}
	}
}

// blame notes that a person explains what a host did, in a topic.
func (t *Tracker) blame(host uint64, b told) {
	p := t.blamed.Get(host)
	if p == nil {
		p = t.blamed.Insert(host)
		*p = told{}
	}
	if b.excess >= p.excess || b.time-p.time >= day {
		*p = b
	}
}

// ofHost takes up a score of a host. It is told of the person who explains it; where
// one person stands behind the host, or many, it is they who are judged.
func (t *Tracker) ofHost(s *baseline.Score, now int64) {
	id, h := t.hostNamed(s.Entity)
	if s.Channel != baseline.Fall {
		if b := t.blamed.Peek(id ^ mix(uint64(topic(s)))); b != nil && now-b.time < day && b.excess >= excess(s)/2 {
			if subject := (detectors.Entity{Kind: b.kind, Name: b.person}); h == nil || !h.sole() || t.story(topic(s), false, b.person) != nil {
				t.add(topic(s), subject, s)
			}
			return
		}
	}
	if topic(s) == Entering { // which no account shows
		t.add(Entering, detectors.Entity{Kind: detectors.Host, Name: s.Entity}, s)
		return
	}
	if h != nil && s.Metric != baseline.OutsideServers && (h.sole() || t.shared(h) && !h.takes) {
		return
	}
	t.add(Sending, detectors.Entity{Kind: detectors.Host, Name: s.Entity}, s)
}

// add puts a score to the story it belongs to.
func (t *Tracker) add(topic Topic, subject detectors.Entity, s *baseline.Score) {
	quiet := s.Channel == baseline.Fall
	if st := t.story(topic, quiet, subject.Name); st != nil {
		if subject.Kind == detectors.Account {
			st.Subject.Kind = subject.Kind
		}
		st.Scores = append(st.Scores, *s)
		return
	}
	t.stories = append(t.stories, Story{Topic: topic, Quiet: quiet, Subject: subject, Scores: []baseline.Score{*s}})
}

// story finds one of those that are being made.
func (t *Tracker) story(topic Topic, quiet bool, name string) *Story {
	for i := range t.stories {
		if s := &t.stories[i]; s.Topic == topic && s.Quiet == quiet && s.Subject.Name == name {
			return s
		}
	}
	return nil
}

// admit asks the budget about a story that is new; one that goes on passes.
func (t *Tracker) admit(s *Story, now int64) bool {
	slices.SortStableFunc(s.Scores, func(a, b baseline.Score) int {
		host := func(s *baseline.Score) int {
			if s.Kind == baseline.Host {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(host(&a), host(&b)), cmp.Compare(b.Severity(), a.Severity()))
	})
	key := fmt.Sprint(s.Topic, s.Quiet, " ", s.Subject.Name)
	last := t.told.Get(key)
	if last == nil || now-*last >= day {
		if !t.budget.Admit(now/day, s.Scores[0].Severity()) {
			return false
		}
		if last == nil {
			last = t.told.Insert(key)
		}
	}
	*last = now
	return true
}

// complete finds who else has to do with a story, and its connections.
func (t *Tracker) complete(s *Story) {
	relate := func(e detectors.Entity) {
		if e.Name != s.Subject.Name && !slices.Contains(s.Related, e) {
			s.Related = append(s.Related, e)
		}
	}
	id := protocols.NameID(s.Subject.Name)
	if s.Subject.Kind == detectors.Host {
		var h *host
		if id, h = t.hostNamed(s.Subject.Name); h != nil && h.who != "" {
			relate(detectors.Entity{Kind: detectors.Sender, Name: h.who})
		}
	}
	for i := range s.Scores {
		if s.Scores[i].Kind == baseline.Host {
			relate(detectors.Entity{Kind: detectors.Host, Name: s.Scores[i].Entity})
		}
	}
	if s.Topic == Entering {
		id ^= mix(uint64(Entering))
	}
	tr := t.traces.Peek(id)
	if tr == nil || tr.last < s.Scores[0].From {
		return
	}
	s.trace = tr
	for i := range tr.n {
		f := tr.at(i)
		name := f.client.Unmap().WithZone("").String()
		relate(detectors.Entity{Kind: detectors.Host, Name: name})
		if s.Subject.Kind != detectors.Host && t.Shared(f.client) && !slices.Contains(s.Shared, name) {
			s.Shared = append(s.Shared, name)
		}
	}
}

// Stories calls yield with those about a topic; they are about the event or Tick at
// hand, and borrowed.
func (t *Tracker) Stories(topic Topic) func(yield func(*Story) bool) {
	return func(yield func(*Story) bool) {
		for i := range t.stories {
			if s := &t.stories[i]; s.Topic == topic && !yield(s) {
				return
			}
		}
	}
}
