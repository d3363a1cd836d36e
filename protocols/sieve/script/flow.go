package script

// Control flow. What a script does depends on the mail only through its tests, so
// the ways through it are followed all at once: of each it matters only whether
// the implicit keep was cancelled and whether the mail was kept all the same
// (RFC 5228, section 2.10.2).

// paths is a set of ways through the script, by what became of the mail.
type paths uint8

const (
	begin     paths = 1 << iota // nothing yet: the implicit keep is in force
	cancelled                   // the implicit keep was cancelled
	kept                        // kept or filed
	keptAfter                   // both
)

// cancel cancels the implicit keep.
func (p paths) cancel() paths {
	if p&begin != 0 {
		p |= cancelled
	}
	if p&kept != 0 {
		p |= keptAfter
	}
	return p &^ (begin | kept)
}

// keep keeps the mail.
func (p paths) keep() paths {
	if p&begin != 0 {
		p |= kept
	}
	if p&cancelled != 0 {
		p |= keptAfter
	}
	return p &^ (begin | cancelled)
}

// lost reports whether on one of the ways the mail does not stay in the account.
func (p paths) lost() bool { return p&cancelled != 0 }

// truth is the value of a test, as far as it does not depend on the mail.
type truth uint8

const (
	maybe truth = iota
	always
	never
)

func (t truth) not() truth {
	switch t {
	case always:
		return never
	case never:
		return always
	}
	return maybe
}

// said is what the tests within a test or command are worth.
type said struct{ always, never, maybe bool }

func (s *said) add(t truth) {
	s.always = s.always || t == always
	s.never = s.never || t == never
	s.maybe = s.maybe || t == maybe
}

// any is the truth of anyof, all that of allof.
func (s said) any() truth {
	switch {
	case s.always:
		return always
	case s.never && !s.maybe:
		return never
	}
	return maybe
}

func (s said) all() truth {
	switch {
	case s.never:
		return never
	case s.always && !s.maybe:
		return always
	}
	return maybe
}

// block is a block that is open, and the chain of if, elsif and else that goes on
// in it.
type block struct {
	partial bool // not all mail gets here
	loop    bool
	exits   paths // loop: that were left by a break, or before it began

	chain  bool  // a chain goes on
	passed bool  // a branch of it was taken by some mail, perhaps
	rest   paths // that took no branch so far
	joined paths // that came out of the branches
	outs   int   // how many of the branches go on
	ends   []end // what they set variables to, where not all mail takes them

	certain bool // the branch that is open is taken by all that reaches the chain
	log     int  // assignments before it
}

func (r *Reader) block() *block { return &r.blocks[len(r.blocks)-1] }

// beginCommand is told of every command before it is read: what is neither elsif
// nor else ends the chain.
func (r *Reader) beginCommand(name []byte) {
	r.captured = r.captured[:0]
	switch string(name) {
	case "elsif", "else":
		if !r.block().chain {
			r.damage()
		}
	default:
		r.closeChain()
	}
}

func (r *Reader) closeChain() {
	b := r.block()
	if !b.chain {
		return
	}
	r.paths = b.joined | b.rest
	r.vars.join(b.ends, b.outs, b.rest != 0)
	b.chain, b.outs, b.ends = false, 0, nil
}

// beginBlock opens the block of the command at the top.
func (r *Reader) beginBlock() {
	f := r.top()
	t, loop := maybe, false
	switch name := string(r.name(f)); name {
	case "if", "elsif":
		if t = f.said.all(); f.said == (said{}) {
			t = maybe
		}
	case "else":
		t = always
	case "foreverypart": // RFC 5703, section 3: perhaps never, perhaps often
		loop = true
	default: // not known: as a condition
	}
	if t == maybe {
		r.condition(f)
	}
	r.args, r.results = r.args[:f.args], r.results[:f.results]
	r.arena = r.arena[:f.name.at+f.name.n]
	r.push(inBlock, nil)
	if !r.stopped {
		r.enter(t, loop)
		r.capture()
	}
}

// enter begins a branch that is taken if t.
func (r *Reader) enter(t truth, loop bool) {
	b := r.block()
	if !b.chain {
		b.chain, b.passed, b.rest, b.joined = true, false, r.paths, 0
	}
	in := b.rest
	if t == never {
		in = 0
	}
	if t == always {
		b.rest = 0
	}
	b.certain, b.log = t == always && !b.passed, len(r.vars.log)
	partial := b.partial || b.passed || t == maybe
	b.passed = b.passed || t == maybe
	r.blocks = append(r.blocks, block{partial: partial, loop: loop, exits: in})
	r.paths = in
}

// endBlock closes the block at the top and the command that it belongs to.
func (r *Reader) endBlock() {
	r.closeChain()
	inner := *r.block()
	r.blocks = r.blocks[:len(r.blocks)-1]
	b := r.block()
	out := r.paths
	if inner.loop {
		out |= inner.exits
	}
	b.joined |= out
	if out != 0 {
		b.outs++
	}
	if !b.certain {
		r.vars.takeBack(b.log, &b.ends, out != 0)
	}
	r.paths = b.rest
	r.pop()
	r.pop()
}

// stop ends the ways that lead here.
func (r *Reader) stop() {
	r.done |= r.paths
	r.paths = 0
}

// leave ends the innermost loop.
func (r *Reader) leave() {
	for i := len(r.blocks) - 1; i > 0; i-- {
		if r.blocks[i].loop {
			r.blocks[i].exits |= r.paths
			r.paths = 0
			return
		}
	}
}

func (r *Reader) inLoop() bool {
	for i := range r.blocks {
		if r.blocks[i].loop {
			return true
		}
	}
	return false
}

// conditional reports whether what stands here is not for all mail.
func (r *Reader) conditional() bool { return r.block().partial || r.done != 0 }
