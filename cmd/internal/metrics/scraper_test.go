package metrics

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// asked is a registry whose clock stands still, and what a scraper is told of ann.
type asked struct {
	*Registry
	top   *Top
	clock time.Time
}

func newAsked() *asked {
	a := &asked{Registry: New(""), clock: time.Unix(1e9, 0)}
	a.now = func() time.Time { return a.clock }
	a.top = a.NewTop("account_messages_total", "account", 3)
	return a
}

var ofAnn = regexp.MustCompile(`account="ann"} (\d+)`)

func (a *asked) by(scraper string) int {
	a.clock = a.clock.Add(time.Second)
	var b bytes.Buffer
	a.Write(&b, scraper)
	m := ofAnn.FindStringSubmatch(b.String())
	if m == nil {
		return -1
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// Each scraper is told of a new series as 0 first, however many there are, and of what
// it counted from the next time on.
func TestScrapers(t *testing.T) {
	a := newAsked()
	a.by("a")
	a.by("b")
	a.clock = a.clock.Add(time.Hour)
	a.top.Add([]byte("ann"), 7)
	for i, c := range []struct {
		scraper string
		want    int
	}{{"a", 0}, {"a", 7}, {"b", 0}, {"curl", 0}, {"a", 7}, {"b", 7}, {"curl", 7}} {
		if got := a.by(c.scraper); got != c.want {
			t.Errorf("%d: %s is told %d, not %d", i, c.scraper, got, c.want)
		}
	}
	a.top.Add([]byte("ann"), 1)
	a.clock = a.clock.Add(newcomer)
	if got := a.by("late"); got != 8 {
		t.Errorf("who comes late is told %d: its next value would be a burst that never was", got)
	}
}

// A series that made room and is back begins at 0 again, for all.
func TestScrapersReplaced(t *testing.T) {
	a := newAsked()
	a.top.Add([]byte("ann"), 1)
	a.by("a")
	for i := range 3 {
		a.top.Add(fmt.Appendf(nil, "large%d", i), 100)
	}
	a.top.Add([]byte("larger"), 200)
	if got := a.by("a"); got != -1 {
		t.Fatalf("ann is shown, with %d", got)
	}
	a.top.Add([]byte("ann"), 500)
	a.top.Add([]byte("ann"), 3)
	if first, next := a.by("a"), a.by("a"); first != 0 || next != 3 {
		t.Errorf("%d, then %d", first, next)
	}
}

// Who asks under ever new names makes no table grow.
func TestScrapersBound(t *testing.T) {
	a := newAsked()
	a.by("a")
	for i := range 10 * maxScrapers {
		a.by(fmt.Sprint(i))
		if i%(maxScrapers/2) == 0 {
			a.by("a")
		}
	}
	if len(a.scrapers) > maxScrapers {
		t.Errorf("%d scrapers are known", len(a.scrapers))
	}
	a.top.Add([]byte("ann"), 7)
	a.clock = a.clock.Add(newcomer) // nobody but who is known is told 0
	if got := a.by("a"); got != 0 {
		t.Errorf("one that keeps coming was forgotten: %d", got)
	}
}
