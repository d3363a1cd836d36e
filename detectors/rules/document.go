package rules

import (
	"cmp"
	"slices"
	"strings"

	"mailsensor/detectors/inside"
	"mailsensor/protocols"
)

// Rule is a rule as the summary lists it. Absent means unknown.
type Rule struct {
	Account     string               `json:"account,omitempty"`
	Source      string               `json:"source"`           // sieve, ews, owa, graph, gmail, jmap
	Server      string               `json:"server,omitempty"` // where the account is one of this server only
	Name        string               `json:"name,omitempty"`
	Live        *bool                `json:"live,omitempty"`       // in force at the end
	Removed     bool                 `json:"removed,omitempty"`    // it was deleted
	Targets     []string             `json:"targets"`              // addresses that it lets see the mail
	Outside     *bool                `json:"outside,omitempty"`    // one of the targets is not ours
	KeepsCopy   *bool                `json:"keeps_copy,omitempty"` // all mail stays in the account as well
	Actions     []Action             `json:"actions,omitempty"`
	Conditions  []string             `json:"conditions,omitempty"`
	Conditional bool                 `json:"conditional,omitempty"` // nothing that it does is for all mail
	Unresolved  bool                 `json:"unresolved,omitempty"`  // a target depends on the mail, or on what is not in the text
	Truncated   bool                 `json:"truncated,omitempty"`   // there may be more actions
	Confidence  protocols.Confidence `json:"confidence"`
	First       Time                 `json:"first"` // when it was seen
	Last        Time                 `json:"last"`
}

// Action is one thing that a rule does.
type Action struct {
	Action      string `json:"action"`
	Target      string `json:"target,omitempty"`
	Copy        bool   `json:"copy,omitempty"`
	Conditional bool   `json:"conditional,omitempty"`
	Unresolved  bool   `json:"unresolved,omitempty"`
}

// Time is Unix nanoseconds, and RFC 3339 in JSON.
type Time int64

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return append(protocols.AppendTime([]byte{'"'}, int64(t)), '"'), nil
}

// Rules lists what is known, by account.
func (t *Tracker) Rules() []Rule {
	out := []Rule{}
	for k, b := range t.boxes.All {
		for i := range b.rules {
			out = append(out, t.document(k, &b.rules[i]))
		}
	}
	slices.SortFunc(out, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Server, b.Server),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	return out
}

func (t *Tracker) document(k key, r *rule) Rule {
	d := Rule{Account: k.account, Source: k.source, Name: r.name, Live: told(r.live), Removed: r.removed, Targets: []string{},
		Truncated: r.truncated, Confidence: r.confidence, First: Time(r.first), Last: Time(r.last)}
	if k.server.IsValid() {
		d.Server = k.server.String()
	}
	if r.unnamed {
		d.Name = ""
	}
	if r.truncated {
		d.Confidence = protocols.LowerBound
	}
	if !r.contents {
		return d
	}
	keeps := r.keepsCopy
	d.KeepsCopy = &keeps
	d.Conditional = len(r.actions) > 0
	for i := range r.actions {
		a := &r.actions[i]
		d.Actions = append(d.Actions, Action{a.Kind.String(), string(a.Target), a.Copy, a.Conditional, a.Unresolved})
		d.Conditional = d.Conditional && a.Conditional
		d.Unresolved = d.Unresolved || a.Unresolved
		if a.Kind.Sends() && len(a.Target) > 0 && !slices.Contains(d.Targets, string(a.Target)) {
			d.Targets = append(d.Targets, string(a.Target))
		}
	}
	for _, c := range r.conditions {
		d.Conditions = append(d.Conditions, string(c))
	}
	d.Outside = outside(t.border, k.account, d.Targets)
	return d
}

func told(s protocols.Tristate) *bool {
	if s == protocols.Untold {
		return nil
	}
	yes := s == protocols.Yes
	return &yes
}

// outside reports whether one of the targets is not ours; nil: that is not known.
// What is not known to be ours is not, but for the account's own domain.
func outside(border *inside.Border, account string, targets []string) *bool {
	known := len(targets) > 0
	for _, target := range targets {
		d := domain(target)
		if d == "" || strings.ContainsAny(d, "${}") {
			known = false
			continue
		}
		if in, _ := border.Domain([]byte(d)); !in && !strings.EqualFold(d, domain(account)) {
			yes := true
			return &yes
		}
	}
	if !known {
		return nil
	}
	no := false
	return &no
}

// domain is what stands behind the last @ of an address; "": it has none.
func domain(address string) string {
	_, d, _ := strings.Cut(address[max(0, strings.LastIndexByte(address, '@')):], "@")
	return strings.TrimRight(d, ".")
}
