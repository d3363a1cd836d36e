// Package script reads Sieve scripts (RFC 5228 and its extensions) and tells what
// they do with mail: where it is sent, what hides it, under which conditions. It
// exists because a script is a program: a redirect can stand in a text block, be
// put together from variables or be written in ${hex:40}, and the same words can
// stand in a comment. So it is tokenised and parsed, and its control flow and
// variables are followed as far as they do not depend on the mail.
//
// Extensions that are not known are read by the general grammar (RFC 5228,
// section 8.2) and passed over. Nothing is refused: whether a script is valid is
// for the server to say. Where it was misread or a bound was hit, the result says
// that there may be more.
//
// A Reader takes a script in pieces as they come and keeps none of them: of the
// text only the strings of the command at hand, the variables and the result are
// kept, all bounded. Time is linear in the length of the script.
package script

import (
	"crypto/sha256"
	"hash"

	"mailsensor/protocols"
)

// Bounds.
const (
	maxScript     = 1 << 20 // octets that are read; Dovecot takes as many by default
	maxDepth      = 128     // commands, blocks and tests in one another; servers need allow 15 of each (RFC 5228, section 2.10.5)
	maxWord       = 64      // octets of an identifier, tag or number
	maxString     = 4 << 10 // octets of a string
	maxArena      = 32 << 10
	maxArgs       = 48 // of one command or test; the last one is always kept
	maxAllArgs    = 512
	maxActions    = 64
	maxTargets    = 16 << 10 // octets of all targets
	maxTarget     = 320      // of one
	maxConditions = 16
	maxCondition  = 200 // octets of a rendered condition
	maxVariables  = 128 // as many as servers have to allow (RFC 5229, section 6)
	maxValues     = 64 << 10
	maxLog        = 512 // assignments that a branch may take back
	maxEnds       = 256 // of those, what the branches of a chain leave behind
)

// Reader reads one script. New makes one.
type Reader struct {
	lexer
	hash hash.Hash
	size int

	arena    []byte // strings of the commands and tests that are open
	args     []arg
	frames   []frame
	results  []span
	scratch  []byte
	captured []string // what the wildcards of the test at hand stand for, ${0} first

	blocks  []block
	paths   paths // that lead to the command at hand
	done    paths // that ended in a stop
	require struct{ variables, encoded bool }
	vars    variables

	actions    []action
	targets    []byte
	either     bool // the action at hand has one of several targets
	conditions [][]byte

	gap       bool // octets were lost: nothing behind them is read
	ended     bool
	stopped   bool // a bound was hit, nothing more is read
	truncated bool // there may be more than was understood
}

// New returns a Reader that has read nothing.
func New() *Reader {
	return &Reader{hash: sha256.New(), blocks: []block{{}}, paths: begin}
}

// Write reads the next octets of the script.
func (r *Reader) Write(b []byte) {
	if r.gap || r.ended {
		return
	}
	if n := maxScript - r.size; len(b) > n {
		b = b[:n]
		r.truncated = true
		r.stopped = true
		r.gap = true
	}
	r.size += len(b)
	r.hash.Write(b)
	for len(b) > 0 && !r.stopped {
		b = b[r.step(b):]
	}
}

// Gap says that octets of the script were lost. Whatever stands behind them could
// be text or a comment: it is not read.
func (r *Reader) Gap() {
	if !r.ended {
		r.gap, r.truncated = true, true
	}
}

// End says that the script ends here.
func (r *Reader) End() {
	if r.ended {
		return
	}
	if !r.gap && !r.stopped {
		r.finishToken()
		if r.state != between || len(r.frames) > 0 {
			r.truncated = true
		}
	}
	r.ended = true
	r.closeAll()
}

// Fill completes e with what the script does. The script need not have ended.
func (r *Reader) Fill(e *protocols.RuleChange, out protocols.Sink) {
	whole := r.ended && !r.gap
	if !r.ended {
		r.truncated = true
		r.ended = true
		r.closeAll()
	}
	e.Contents = true
	e.Truncated = r.truncated
	e.KeepsCopy = !r.done.lost()
	for i := range r.actions {
		a := &r.actions[i]
		e.Actions = append(e.Actions, protocols.RuleAction{
			Kind: a.kind, Target: out.Copy(r.targets[a.at : a.at+a.n]),
			Copy: a.copy, Conditional: a.conditional, Unresolved: a.unresolved,
		})
	}
	for _, c := range r.conditions {
		e.Conditions = append(e.Conditions, out.Copy(c))
	}
	if whole {
		r.hash.Sum(e.Hash[:0])
	}
}

// Empty reports whether nothing of the script was seen.
func (r *Reader) Empty() bool { return r.size == 0 && !r.ended }

// damage notes that something was not understood.
func (r *Reader) damage() { r.truncated = true }
