package rules

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/detectors/inside"
	"mailsensor/protocols"
)

// observed is a tracker and the events that it was given.
type observed struct {
	*Tracker
	t   *testing.T
	now int64
}

func watch(t *testing.T, boxes int) *observed {
	return &observed{Tracker: newTracker(inside.New(inside.Config{Domains: []string{"corp.example"}}), boxes), t: t}
}

// redirect is actions that redirect to the addresses.
func redirect(to ...string) (list []protocols.RuleAction) {
	for _, a := range to {
		list = append(list, protocols.RuleAction{Kind: protocols.ActionRedirect, Target: []byte(a), Copy: true})
	}
	return list
}

// event gives the tracker an accepted change and returns it as it was completed.
func (o *observed) event(source, account, command, name string, change func(*protocols.RuleChange)) *protocols.RuleChange {
	o.now += 1e9
	e := &protocols.RuleChange{Source: source, Command: command, Name: []byte(name), Outcome: protocols.Accepted}
	e.Account, e.Time = []byte(account), o.now
	e.Conn = capture.Conn{ID: 7, Client: netip.MustParseAddrPort("10.0.0.1:40000"), Server: netip.MustParseAddrPort("10.0.0.2:4190")}
	if change != nil {
		change(e)
	}
	o.Observe(e)
	return e
}

func (o *observed) put(name string, live protocols.Tristate, to ...string) *protocols.RuleChange {
	return o.event("sieve", "ann", "PUTSCRIPT", name, func(e *protocols.RuleChange) {
		e.Contents, e.Live, e.Actions, e.KeepsCopy = true, live, redirect(to...), true
	})
}

func (o *observed) active(name string) *protocols.RuleChange {
	return o.event("sieve", "ann", "SETACTIVE", name, func(e *protocols.RuleChange) { e.Live = protocols.Yes })
}

func addresses(list []protocols.RuleAction) string {
	var out []string
	for _, a := range list {
		out = append(out, string(a.Target))
	}
	return strings.Join(out, " ")
}

// says renders what an event came to say.
func says(e *protocols.RuleChange) string {
	s := map[protocols.Tristate]string{protocols.Untold: "?", protocols.Yes: "live", protocols.No: "off"}[e.Live]
	if e.Contents {
		s += " does[" + addresses(e.Actions) + "]"
	}
	if e.Compared {
		s += " added[" + addresses(e.Added) + "] gone[" + addresses(e.Gone) + "]"
	}
	return s
}

func (o *observed) want(e *protocols.RuleChange, want string) {
	o.t.Helper()
	if got := says(e); got != want {
		o.t.Errorf("%s %s: %s, want %s", e.Command, e.Name, got, want)
	}
}

func (o *observed) rule(name string) Rule {
	o.t.Helper()
	for _, r := range o.Rules() {
		if r.Name == name {
			return r
		}
	}
	o.t.Fatalf("no rule %q in %+v", name, o.Rules())
	return Rule{}
}

func is(b *bool) string {
	if b == nil {
		return "?"
	}
	return fmt.Sprint(*b)
}

func TestScriptsOverConnections(t *testing.T) {
	o := watch(t, 10)
	o.want(o.put("a", protocols.Untold, "a@evil.example"), "? does[a@evil.example]")
	o.want(o.active("a"), "live does[a@evil.example]") // what was in force before is not known
	o.want(o.put("a", protocols.Untold, "a@evil.example", "b@evil.example"), "live does[a@evil.example b@evil.example] added[b@evil.example] gone[]")
	o.want(o.put("b", protocols.Untold, "c@corp.example"), "off does[c@corp.example]")
	o.want(o.active("b"), "live does[c@corp.example] added[c@corp.example] gone[a@evil.example b@evil.example]")
	if a, b := o.rule("a"), o.rule("b"); is(a.Live) != "false" || is(b.Live) != "true" || is(a.Outside) != "true" || is(b.Outside) != "false" {
		t.Errorf("%+v, %+v", a, b)
	}
	o.want(o.event("sieve", "ann", "RENAMESCRIPT", "b", func(e *protocols.RuleChange) { e.NewName = []byte("c") }), "live")
	o.want(o.put("c", protocols.Untold, "C@corp.example"), "live does[C@corp.example] added[] gone[]")
	o.want(o.event("sieve", "ann", "SETACTIVE", "", func(e *protocols.RuleChange) { e.Live = protocols.No }), "off added[] gone[C@corp.example]")
	o.want(o.event("sieve", "ann", "DELETESCRIPT", "a", func(e *protocols.RuleChange) { e.Removed, e.Live = true, protocols.No }), "off added[] gone[a@evil.example b@evil.example]")
	o.want(o.active("c"), "live does[C@corp.example] added[C@corp.example] gone[]")
	if a := o.rule("a"); !a.Removed || is(a.Live) != "false" || len(a.Targets) != 2 || a.First != 1e9 || a.Account != "ann" {
		t.Errorf("%+v", a)
	}
	if len(o.Rules()) != 2 {
		t.Errorf("%+v", o.Rules())
	}
}

func TestListed(t *testing.T) {
	o := watch(t, 10)
	list := func(name string, live protocols.Tristate) {
		o.event("sieve", "ann", "LISTSCRIPTS", name, func(e *protocols.RuleChange) { e.Listed, e.Live = true, live })
	}
	list("a", protocols.No)
	list("b", protocols.Yes)
	if a, b := o.rule("a"), o.rule("b"); is(a.Live) != "false" || is(b.Live) != "true" || a.KeepsCopy != nil || a.Outside != nil {
		t.Errorf("%+v, %+v", a, b)
	}
	o.want(o.put("b", protocols.Untold, "x@evil.example"), "live does[x@evil.example]")
	list("", protocols.No) // none is in force
	o.want(o.active("b"), "live does[x@evil.example] added[x@evil.example] gone[]")
}

// What was refused changes nothing; whose outcome was not seen is not sure.
func TestOutcomes(t *testing.T) {
	o := watch(t, 10)
	o.put("a", protocols.Untold, "a@evil.example")
	o.active("a")
	o.event("sieve", "ann", "PUTSCRIPT", "a", func(e *protocols.RuleChange) {
		e.Contents, e.Outcome, e.Live, e.Actions = true, protocols.Rejected, protocols.No, redirect("no@evil.example")
	})
	if a := o.rule("a"); is(a.Live) != "true" || a.Targets[0] != "a@evil.example" || a.Confidence != protocols.Exact {
		t.Errorf("%+v", a)
	}
	o.event("sieve", "ann", "SETACTIVE", "b", func(e *protocols.RuleChange) { e.Outcome = protocols.Unknown })
	if b := o.rule("b"); b.Live != nil || b.Confidence != protocols.LowerBound {
		t.Errorf("%+v", b)
	}
	o.want(o.put("a", protocols.Untold, "a@evil.example"), "? does[a@evil.example] added[] gone[]")
	o.event("sieve", "ann", "DELETESCRIPT", "a", func(e *protocols.RuleChange) { e.Outcome, e.Live = protocols.Rejected, protocols.Yes })
	if a := o.rule("a"); is(a.Live) != "true" {
		t.Errorf("%+v", a)
	}
	n := len(o.Rules())
	o.event("sieve", "ann", "CHECKSCRIPT", "", func(e *protocols.RuleChange) { e.Contents, e.Listed = true, true })
	o.event("sieve", "ann", "PUTSCRIPT", "z", func(e *protocols.RuleChange) { e.Contents, e.Repeat = true, true })
	if len(o.Rules()) != n {
		t.Errorf("%+v", o.Rules())
	}
}

// A text that is not known whole is not compared.
func TestTruncated(t *testing.T) {
	o := watch(t, 10)
	e := o.event("sieve", "ann", "PUTSCRIPT", "a", func(e *protocols.RuleChange) { e.Contents, e.Truncated = true, true })
	o.want(e, "? does[]")
	o.want(o.put("a", protocols.Untold, "x@evil.example"), "? does[x@evil.example]")
	if a := o.rule("a"); a.Truncated || a.Confidence != protocols.Exact {
		t.Errorf("%+v", a)
	}
}

func TestServices(t *testing.T) {
	o := watch(t, 10)
	make := func(name, command string, created bool, to ...string) *protocols.RuleChange {
		return o.event("ews", "ann", command, name, func(e *protocols.RuleChange) {
			e.Contents, e.Created, e.Live, e.Actions = true, created, protocols.Yes, redirect(to...)
		})
	}
	o.want(make(".", "UpdateInboxRules", true, "a@evil.example"), "live does[a@evil.example]")
	o.want(make(".", "UpdateInboxRules", true, "b@evil.example"), "live does[b@evil.example]")
	o.want(make(".", "UpdateInboxRules", false, "c@evil.example"), "live does[c@evil.example] added[c@evil.example] gone[b@evil.example]")
	o.want(make("", "SetMailbox", false, "d@evil.example"), "live does[d@evil.example]")
	o.want(make("", "SetMailbox", false, "e@evil.example"), "live does[e@evil.example] added[e@evil.example] gone[d@evil.example]")
	var got []string
	for _, r := range o.Rules() {
		got = append(got, r.Name+r.Targets[0])
	}
	if s := strings.Join(got, " "); s != "e@evil.example .a@evil.example .c@evil.example" {
		t.Error(s)
	}
	off := func(live protocols.Tristate) *protocols.RuleChange {
		return o.event("ews", "ann", "SetInboxRule", ".", func(e *protocols.RuleChange) { e.Live = live })
	}
	o.want(off(protocols.No), "off")
	o.want(off(protocols.Yes), "live does[c@evil.example]")
	o.want(o.event("ews", "ann", "UpdateInboxRules", ".", func(e *protocols.RuleChange) { e.Removed, e.Live = true, protocols.No }), "off added[] gone[c@evil.example]")
}

func TestOutside(t *testing.T) {
	border := inside.New(inside.Config{Domains: []string{"corp.example"}})
	for _, tt := range []struct{ account, targets, want string }{
		{"ann@corp.example", "", "?"},
		{"ann@corp.example", "x@corp.example", "false"},
		{"ann@corp.example", "x@sub.corp.example y@evil.example", "true"},
		{"ann@other.example", "x@OTHER.example.", "false"},
		{"ann", "x@evil.example", "true"},
		{"ann", "${1}@evil.example", "true"},
		{"ann", "x@${1}", "?"},
		{"ann", "x@${1} y@evil.example", "true"},
		{"ann", "xmpp:y", "?"},
	} {
		if got := is(outside(border, tt.account, strings.Fields(tt.targets))); got != tt.want {
			t.Errorf("%s to %q: %s, want %s", tt.account, tt.targets, got, tt.want)
		}
	}
}

func TestBounds(t *testing.T) {
	o := watch(t, 3)
	for i := range 5 {
		for j := range maxRules + 2 {
			o.event("sieve", fmt.Sprint("user", i), "LISTSCRIPTS", fmt.Sprint(j), nil)
		}
	}
	if n := len(o.Rules()); n != 3*maxRules || o.Evicted != 5*(maxRules+2)-uint64(n) {
		t.Errorf("%d rules, %d evicted", n, o.Evicted)
	}
	size := 0
	for _, b := range o.boxes.All {
		for i := range b.rules {
			size += b.rules[i].size
		}
	}
	if size != o.size {
		t.Errorf("%d octets booked, %d kept", o.size, size)
	}
	long := make([]protocols.RuleAction, 64)
	for i := range long {
		long[i].Target = make([]byte, 1<<16)
	}
	for i := range 20 {
		o.event("sieve", fmt.Sprint("big", i), "PUTSCRIPT", "a", func(e *protocols.RuleChange) { e.Contents, e.Actions = true, long })
	}
	if o.size > maxBytes {
		t.Errorf("%d octets kept", o.size)
	}
}

// Those who are not known are not taken for one another.
func TestUnknownAccount(t *testing.T) {
	o := watch(t, 10)
	for i := range 2 {
		o.event("sieve", "", "PUTSCRIPT", "a", func(e *protocols.RuleChange) { e.Conn.ID, e.Contents = uint64(i), true })
	}
	if n := len(o.Rules()); n != 2 {
		t.Errorf("%d rules", n)
	}
}

// Rules in force are counted by the furthest that they send mail.
func TestInForce(t *testing.T) {
	o := watch(t, 8)
	counts := func() string {
		list := map[string]int{}
		o.InForce(func(source, target string) { list[source+" "+target]++ })
		return fmt.Sprint(list)
	}
	o.put("a", protocols.Untold, "x@evil.example", "bob@corp.example")
	if got := counts(); got != "map[]" {
		t.Errorf("a script that was only stored: %s", got)
	}
	o.active("a")
	if got := counts(); got != "map[sieve outside:1]" {
		t.Error(got)
	}
	o.put("b", protocols.Untold, "bob@corp.example")
	o.active("b")
	if got := counts(); got != "map[sieve inside:1]" {
		t.Errorf("another one took its place: %s", got)
	}
	for name, target := range map[string]string{"variable": "${x}", "none": ""} {
		o.event("ews", "bob", "CreateRule", name, func(e *protocols.RuleChange) {
			e.Contents, e.Live, e.Created = true, protocols.Yes, true
			if target != "" {
				e.Actions = redirect(target)
			}
		})
	}
	if got := counts(); got != "map[ews none:1 ews unknown:1 sieve inside:1]" {
		t.Error(got)
	}
}
