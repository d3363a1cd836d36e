package script

// The grammar of a script (RFC 5228, section 8.2) is so regular that commands and
// tests need not be known to be read: a name, arguments, perhaps tests, and a
// semicolon or a block. What is open is kept as a stack of frames.

type frameKind uint8

const (
	command frameKind = iota
	test
	inBlock
)

// frame is a command, a test or a block that is open.
type frame struct {
	kind    frameKind
	list    bool // a list of strings is open
	tests   bool // a list of tests is open
	more    bool // it has more arguments than are kept
	name    span // in the arena
	args    int  // index of its first argument
	group   int32
	results int // index of the first of the rendered tests in it
	said    said
}

func (r *Reader) top() *frame {
	if len(r.frames) == 0 {
		return nil
	}
	return &r.frames[len(r.frames)-1]
}

func (r *Reader) push(k frameKind, name []byte) {
	if len(r.frames) == maxDepth {
		r.stopped, r.truncated = true, true
		return
	}
	at := len(r.arena)
	r.arena = append(r.arena, name...)
	r.frames = append(r.frames, frame{kind: k, name: span{int32(at), int32(len(name))}, args: len(r.args), results: len(r.results)})
}

// pop closes the innermost frame and forgets what was kept of it.
func (r *Reader) pop() {
	f := r.top()
	r.arena = r.arena[:f.name.at]
	r.args = r.args[:f.args]
	r.results = r.results[:f.results]
	r.frames = r.frames[:len(r.frames)-1]
}

func (r *Reader) name(f *frame) []byte { return r.arena[f.name.at : f.name.at+f.name.n] }

func (r *Reader) str(a *arg) []byte { return r.arena[a.at : a.at+a.n] }

// identifier is the name of a command or of a test.
func (r *Reader) identifier(name []byte) {
	f := r.top()
	if f == nil || f.kind == inBlock {
		r.beginCommand(name)
		r.push(command, name)
		return
	}
	f.list = false
	r.push(test, name)
}

// punctuation takes what holds commands together.
func (r *Reader) punctuation(c byte) {
	f := r.top()
	if f == nil || f.kind == inBlock {
		if c == '}' && f != nil {
			r.endBlock()
		} else if c != ';' {
			r.damage()
		}
		return
	}
	switch c {
	case '[':
		f.group++
		f.list = true
	case ']':
		f.list = false
	case '(':
		f.tests = true
	case ',':
		if !f.list {
			r.endMembers()
		}
	case ')':
		r.endTests()
	case ';':
		r.toCommand()
		r.execute(r.top())
		r.pop()
	case '{':
		r.toCommand()
		r.beginBlock()
	case '}': // the semicolon is missing
		r.damage()
		r.toCommand()
		r.execute(r.top())
		r.pop()
		r.punctuation(c)
	}
}

// toCommand ends the tests that are open.
func (r *Reader) toCommand() {
	for r.top().kind == test {
		r.endTest()
	}
}

// endMembers ends what stands before a comma in a list of tests.
func (r *Reader) endMembers() {
	for r.top().kind == test && !r.top().tests {
		r.endTest()
	}
	if !r.top().tests {
		r.damage()
	}
}

// endTests ends a list of tests.
func (r *Reader) endTests() {
	r.endMembers()
	r.top().tests = false
}

// maxMembers is how many tests of a list are rendered.
const maxMembers = 8

// endTest replaces the test at the top by its result.
func (r *Reader) endTest() {
	f := r.top()
	truth := r.judge(f)
	r.scratch = r.render(r.scratch[:0], f)
	r.pop()
	p := r.top()
	p.said.add(truth)
	if len(r.results)-p.results == maxMembers {
		p.more = true
		return
	}
	r.results = append(r.results, span{int32(len(r.arena)), int32(len(r.scratch))})
	r.arena = append(r.arena, r.scratch...)
}

// closeAll ends everything that is open, at the end of what was read.
func (r *Reader) closeAll() {
	for f := r.top(); f != nil; f = r.top() {
		switch f.kind {
		case inBlock:
			r.endBlock()
		default: // not whole: it did not come to act
			r.pop()
		}
	}
	r.closeChain()
	r.done |= r.paths
}
