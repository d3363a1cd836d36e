package rules

import (
	"mailsensor/protocols"
)

// InForce counts the rules that are known to be in force, by their source and by where
// they send mail: outside where one of the targets is not ours, inside where all are,
// unknown where one cannot be told, none where they send none.
func (t *Tracker) InForce(add func(source, target string)) {
	for k, b := range t.boxes.All {
		for i := range b.rules {
			if r := &b.rules[i]; r.live == protocols.Yes && !r.removed {
				add(k.source, t.target(k, r))
			}
		}
	}
}

func (t *Tracker) target(k key, r *rule) string {
	if !r.contents {
		return "unknown"
	}
	var targets []string
	unresolved := r.truncated
	for i := range r.actions {
		if a := &r.actions[i]; a.Kind.Sends() {
			unresolved = unresolved || a.Unresolved || len(a.Target) == 0
			targets = append(targets, string(a.Target))
		}
	}
	out := outside(t.border, k.account, targets)
	switch {
	case out != nil && *out:
		return "outside"
	case out == nil && len(targets) > 0, unresolved:
		return "unknown"
	case out != nil:
		return "inside"
	}
	return "none"
}
