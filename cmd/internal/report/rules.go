package report

import (
	"cmp"
	"fmt"
	"slices"

	"mailsensor/detectors/rules"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Columns that the names of rules and where they send mail take at most.
const (
	ruleRoom   = 12
	targetRoom = 22
)

// rules prints what servers do with mail by themselves; first what is in force and
// sends mail outside.
func (p *printer) rules() {
	list := slices.Clone(p.doc.Rules)
	if len(list) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b rules.Rule) int { return cmp.Compare(weight(&b), weight(&a)) })
	var rows []row
	for i := range list {
		r := &list[i]
		account := r.Account
		if account == "" {
			account = "unknown, on " + r.Server
		}
		rows = append(rows, row{account, r.Source, safe(r.Name, ruleRoom), inForce(r), p.where(r), yesNo(r.Outside)})
	}
	p.list("Mail rules: what is in force, and where it sends mail",
		row{"account", "source", "name", "live", "where to", "outside"}, rows, text.AlignLeft)
}

// weight orders rules by how much they matter.
func weight(r *rules.Rule) (n int) {
	if r.Outside != nil && *r.Outside || r.Unresolved {
		n += 4
	}
	if r.Live == nil || *r.Live {
		n += 2
	}
	if len(r.Targets) > 0 {
		n++
	}
	return n
}

func inForce(r *rules.Rule) string {
	if r.Removed {
		return "gone"
	}
	return yesNo(r.Live)
}

func yesNo(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

// where says where a rule sends mail: the first target, and how many more there
// are.
func (p *printer) where(r *rules.Rule) string {
	if len(r.Targets) == 0 {
		if r.KeepsCopy == nil {
			return "not seen"
		}
		if !*r.KeepsCopy {
			return "nowhere: it is lost"
		}
		return "-"
	}
	out := fold(r.Targets[0], targetRoom)
	if n := len(r.Targets) - 1; n > 0 {
		out += fmt.Sprintf("\nand %s more", number(uint64(n)))
	}
	return out
}
