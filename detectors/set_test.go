package detectors

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/detectors/codec"
	"mailsensor/protocols"
)

// parrot raises an alert at each anomaly, under the anomaly's kind.
type parrot struct{ ticks []int64 }

func (*parrot) Name() string { return "parrot" }

func (p *parrot) Observe(ev protocols.Event, raise func(Alert)) {
	e, ok := ev.(*protocols.Anomaly)
	if !ok {
		return
	}
	a := Alert{What: "said", Key: e.Kind, Entity: Entity{Host, "10.0.0.1"}, Score: float64(len(e.Kind)) / 10, Summary: e.Kind}
	a.Saw(&e.Head)
	raise(a)
}

func (p *parrot) Tick(now int64, _ func(Alert)) { p.ticks = append(p.ticks, now) }

func said(t int64, kind string, conn uint64) *protocols.Anomaly {
	return &protocols.Anomaly{Head: protocols.Head{Time: t, Conn: capture.Conn{ID: conn}, Pos: protocols.Position{Index: uint64(t / 1e9)}}, Kind: kind}
}

const hour = int64(3600e9)

// What goes on is one alert; what begins again after a day is another.
func TestAnAlertThatGoesOnIsUpdated(t *testing.T) {
	p := new(parrot)
	s := NewSet([]Detector{p})
	var fresh, again int
	s.Raised = func(_ *Alert, f bool) {
		if f {
			fresh++
		} else {
			again++
		}
	}
	for i := range int64(50) {
		s.Observe(said(hour+i*hour, "abc", uint64(i)))
	}
	s.Observe(said(49*hour+30*hour, "abc", 99))
	s.Observe(said(80*hour, "abcdefghi", 100))
	list := s.Alerts()
	if len(list) != 3 || fresh != 3 || again != 49 || list[0].Summary != "abcdefghi" || list[0].Severity != Critical {
		t.Fatalf("%d alerts, %d fresh, %d again: %+v", len(list), fresh, again, list[0])
	}
	a := list[1]
	if a.Updates != 49 || a.First != Time(hour) || a.Last != Time(50*hour) || len(a.Flows) != maxFlows || a.FlowsLeft != 50-maxFlows || *a.Packets != (Span{3600, 50 * 3600}) {
		t.Errorf("%+v", a)
	}
	if list[2].ID == a.ID {
		t.Error("two alerts of one ID")
	}
}

func TestTicks(t *testing.T) {
	p := new(parrot)
	s := NewSet([]Detector{p})
	s.Observe(said(90e9, "a", 1))
	s.Observe(said(100e9, "a", 1))
	s.Observe(said(330e9, "a", 1))
	if want := []int64{120e9, 180e9, 240e9, 300e9}; !slices.Equal(p.ticks, want) {
		t.Errorf("%v, want %v", p.ticks, want)
	}
	p.ticks = nil
	s.Observe(said(330e9+40*24*hour, "a", 1))
	if len(p.ticks) > maxCatchUp+2 {
		t.Errorf("%d ticks", len(p.ticks))
	}
}

func TestRepeatsAreNotShown(t *testing.T) {
	s := NewSet([]Detector{new(parrot)})
	e := said(90e9, "a", 1)
	e.Repeat = true
	if s.Observe(e); len(s.Alerts()) != 0 {
		t.Error("an alert")
	}
}

func TestAlertJSON(t *testing.T) {
	s := NewSet([]Detector{new(parrot)})
	s.Observe(said(90e9, "abcdefgh", 1))
	b, err := json.Marshal(s.Alerts()[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"severity":"high"`, `"confidence":"exact"`, `"entity":{"kind":"host","name":"10.0.0.1"}`, `"first":"1970-01-01T00:01:30.000000000Z"`} {
		if !strings.Contains(string(b), part) {
			t.Errorf("no %s in %s", part, b)
		}
	}
}

// A set that runs for months forgets alerts that are over, by age and by number, and
// goes on raising.
func TestOldAlertsAreForgotten(t *testing.T) {
	s := NewSet([]Detector{new(parrot)})
	raised, forgot := 0, map[string]bool{}
	s.Raised = func(*Alert, bool) { raised++ }
	s.Forgot = func(a *Alert) { forgot[a.Summary] = true }
	for i, kind := range []string{"a", "b", "c"} {
		s.Observe(said(int64(i+1)*100*hour, kind, 1))
	}
	s.Forget(250 * hour)
	if len(s.Alerts()) != 1 || s.Forgotten != 2 || !forgot["a"] || !forgot["b"] {
		t.Errorf("%d alerts, %v forgotten", len(s.Alerts()), forgot)
	}
	s.Forget(1000 * hour) // c may go on
	if len(s.Alerts()) != 1 {
		t.Error("an open alert was forgotten")
	}
	raised = 0
	for i := range maxRaised + 1000 {
		s.Observe(said(300*hour+int64(i), strconv.Itoa(i), 1))
	}
	if raised != maxRaised+1000 || s.Dropped != 0 || len(s.all) > maxRaised || len(s.all) < maxRaised/2 || uint64(raised+1) != uint64(len(s.all))+s.Forgotten-2 {
		t.Errorf("%d raised, %d kept, %d dropped, %d forgotten", raised, len(s.all), s.Dropped, s.Forgotten)
	}
	if a := s.all[len(s.all)-1]; a.Summary != strconv.Itoa(maxRaised+999) {
		t.Errorf("the last is %s", a.Summary)
	}
}

// An alert that goes on over a restart is updated, by the very octets of its key, and an
// open one that is not raised again is not told again.
func TestSetGoesOn(t *testing.T) {
	play := func(cut bool) []string {
		s := NewSet([]Detector{new(parrot)})
		for i, ev := range []*protocols.Anomaly{said(hour, "a\xff", 1), said(hour, "a\xfe", 2), said(2*hour, "quiet", 3), said(3*hour, "a\xff", 4), said(40*hour, "quiet", 5)} {
			if cut && i > 1 {
				state, err := s.AppendState(nil)
				if err != nil {
					t.Fatal(err)
				}
				n := NewSet([]Detector{new(parrot)})
				if err := n.LoadState(state); err != nil {
					t.Fatal(err)
				}
				if again, _ := n.AppendState(nil); string(again) != string(state) {
					t.Fatal("what was loaded is stored differently")
				}
				if len(n.Alerts()) != 0 {
					t.Error("told again")
				}
				s = n
			}
			s.Observe(ev)
		}
		var list []string
		for _, a := range s.Alerts() {
			list = append(list, string(a.AppendJSON(nil)))
		}
		return list
	}
	one, last := play(false), play(true)
	if len(one) != 4 || len(last) != 1 || !slices.Contains(one, last[0]) {
		t.Errorf("%q\nafter the cuts %q", one, last)
	}
}

// More flows than an alert can have are none that were stored.
func TestSetRefuses(t *testing.T) {
	s := NewSet(nil)
	a := &Alert{Detector: "parrot", Key: "k", Flows: make([]Flow, maxFlows+1)}
	for i := range a.Flows {
		a.Flows[i].Connection = uint64(i)
	}
	*s.open.Insert(a.open()) = a
	state, err := s.AppendState(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := NewSet(nil)
	if err := n.LoadState(state); !errors.Is(err, codec.ErrDamaged) || n.open.Len() != 0 {
		t.Error(err, n.open.Len())
	}
}

// FuzzSetState: whatever it says, it is refused and nothing has changed, or it is a state
// that is stored again as it is, and that can be gone on with.
func FuzzSetState(f *testing.F) {
	seal := func(body []byte) []byte {
		return codec.Seal(nil, format.Name, format.Version, func(b []byte) []byte { return append(b, body...) })
	}
	head := len(seal(nil)) - 4
	s := NewSet([]Detector{new(parrot)})
	for i, kind := range []string{"a", "b\xff", "abcdefghi"} {
		s.Observe(said(hour, kind, uint64(i)))
	}
	state, err := s.AppendState(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state[head : len(state)-4])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		n, again := NewSet([]Detector{new(parrot)}), NewSet(nil)
		before, _ := n.AppendState(nil)
		if n.LoadState(seal(body)) != nil {
			if after, _ := n.AppendState(nil); string(after) != string(before) || len(n.past) != 0 {
				t.Fatal("what was refused left something behind")
			}
			return
		}
		once, _ := n.AppendState(nil)
		if err := again.LoadState(once); err != nil {
			t.Fatal(err)
		}
		if twice, _ := again.AppendState(nil); string(twice) != string(once) {
			t.Fatalf("not stored as it was loaded:\n%q\n%q", once, twice)
		}
		n.Observe(said(hour, "a", 9))
		n.Finish(2 * hour)
		n.Alerts()
	})
}
