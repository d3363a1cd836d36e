package script

import "bytes"

// What branches do to variables.

// takeBack undoes the assignments since the log had n entries. What the variables
// were at the end of the branch is added to ends, if the branch goes on.
func (v *variables) takeBack(n int, ends *[]end, goesOn bool) {
	var seen set
	for i := len(v.log) - 1; i >= n; i-- {
		a := v.log[i]
		x := &v.list[a.index]
		if goesOn && !seen.has(a.index) {
			seen.add(a.index)
			if len(*ends) == maxEnds {
				v.forgetAll()
			} else {
				*ends = append(*ends, end{a.index, values(x)})
			}
		}
		x.value, x.known, x.oneOf = a.value, a.known && !v.lost, a.oneOf
	}
	v.log = v.log[:n]
}

// end is the values that a variable can have at the end of a branch; nil: any.
type end struct {
	index int
	oneOf []span
}

func values(x *variable) []span {
	if x.known {
		return []span{x.value}
	}
	return x.oneOf
}

// join gives the variables that branches set the values that they can have behind
// them. branches is how many go on; skipped says that some mail takes none.
func (v *variables) join(ends []end, branches int, skipped bool) {
	var done set
	for i := range ends {
		index := ends[i].index
		if done.has(index) {
			continue
		}
		done.add(index)
		var all []span
		any, n := false, 0
		for _, e := range ends[i:] {
			if e.index == index {
				n++
				any = any || e.oneOf == nil
				all = v.merge(all, e.oneOf)
			}
		}
		x := &v.list[index]
		if skipped || n < branches { // it may be what it was
			any = any || values(x) == nil
			all = v.merge(all, values(x))
		}
		name := v.get(x.name)
		if any || v.lost || len(all) > maxOneOf {
			v.assign(name, nil, false, false)
			continue
		}
		v.assign(name, v.get(all[0]), len(all) == 1, false)
		if !v.list[index].known && !v.lost {
			v.list[index].oneOf = all
		}
	}
}

// merge adds the values of more that are not in all.
func (v *variables) merge(all, more []span) []span {
	for _, s := range more {
		found := false
		for _, have := range all {
			found = found || bytes.Equal(v.get(have), v.get(s))
		}
		if !found && len(all) <= maxOneOf {
			all = append(all, s)
		}
	}
	return all
}

// each expands b once for every value of the one variable in it that has one of
// several; nil: there is none, or another that is not known.
func (v *variables) each(b []byte) (list []string) {
	i := v.choice - 1
	if i < 0 {
		return nil
	}
	v.chosen = true
	defer func() { v.chosen = false }()
	for _, v.take = range v.list[i].oneOf {
		out, known := v.expand(nil, b)
		if !known {
			return nil
		}
		list = append(list, string(out))
	}
	return list
}

// either says that a variable has one of the values.
func (v *variables) either(name []byte, list []string) {
	i := v.find(name)
	if i < 0 || v.lost {
		return
	}
	var all []span
	for _, s := range list {
		s, ok := v.store([]byte(s))
		if !ok {
			return
		}
		all = append(all, s)
	}
	v.list[i].oneOf = all
}
