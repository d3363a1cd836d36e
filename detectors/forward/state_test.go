package forward

import (
	"fmt"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
)

var _ detectors.Learner = (*Detector)(nil)

func TestStateIsAll(t *testing.T) {
	d, n := New(Default(), detectortest.Border()), New(Default(), detectortest.Border())
	d.begun = 1
	m := d.messages.Insert(2)
	*m = passing{3, true, "ann@corp.example", "bob@corp.example\n", "x@far.example\ny@far.example\n"}
	p := d.pairs.Insert("bob\x00x")
	*p = pair{n: 4, weak: 5, authors: []string{"a", "b"}, first: 6, lag: 7}
	b := d.boxes.Insert("bob")
	*b = box{[]string{"x"}, []string{"y", "z"}}
	to := d.targets.Insert("x")
	to.mailboxes = []string{"bob", "ann"}
	*d.contacts.Insert(8) = 9
	detectortest.Reload(t, d, n)
	detectortest.Same(t, n.messages.Peek(2), *m)
	detectortest.Same(t, n.pairs.Peek("bob\x00x"), *p)
	detectortest.Same(t, n.boxes.Peek("bob"), *b)
	detectortest.Same(t, n.targets.Peek("x"), *to)
	if c := n.contacts.Peek(8); c == nil || *c != 9 || n.begun != 1 {
		t.Error(c, n.begun)
	}
}

// Messages that are not waited for any more are not stored.
func TestMessagesExpire(t *testing.T) {
	d := New(Default(), detectortest.Border())
	s := &detectortest.Story{}
	for i := range 100 {
		m := s.Mail(time.Duration(i)*time.Minute, "10.20.0.1", "ann@corp.example", 1000, "bob@corp.example")
		m.Facts.MessageID = fmt.Appendf(nil, "<%d@corp.example>", i)
	}
	s.Play(d)
	if n := d.messages.Len(); n != 16 || d.Evicted() != 0 {
		t.Errorf("%d messages, %d evicted", n, d.Evicted())
	}
}
