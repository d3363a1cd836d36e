package pcapfile

import (
	"container/heap"
	"errors"
	"io"
	"math"
	"sync/atomic"

	"mailsensor/capture"
)

const (
	// blockBudget is what the blocks of overlapping files may take together:
	// each file that is being read holds one.
	blockBudget = 64 << 20

	minBlockSize = 16 << 10
)

// Source is one or many captures as one, in the order of time. Files whose
// times overlap are merged by the packet each is at; within a file the order
// of the file is kept, even where time runs backwards in it.
//
// A file that fails does not end it: the others are still read, and Problems
// says what happened.
type Source struct {
	stdin       io.Reader
	pool        *pool
	descriptors descriptors
	inputs      []*input // in the order of the arguments

	current *input  // the one being read; nil: ask waiting
	limit   int64   // up to this time current is ahead of all that wait
	waiting waiting // the others

	read     atomic.Int64
	problems []error
	warnings []error
}

var _ capture.Source = (*Source)(nil)

// Open returns the packets of files, of the files in folders, and of stdin for
// the path "-". Between equal times the order of the arguments decides. With
// several files, each is looked into first, to open it when its first packet
// is due, and not before: rotated files of one tap are open one at a time.
//
// A file in a folder that is no capture is left out, see Warnings. The error
// is that no path leads to a capture; it joins all that was found wrong.
func Open(paths []string, stdin io.Reader) (*Source, error) {
	s := &Source{stdin: stdin, descriptors: descriptors{limit: maxOpen}}
	return s, s.open(paths)
}

func (s *Source) open(paths []string) error {
	for _, path := range paths {
		s.expand(path)
	}
	if s.pool == nil {
		size := blockBudget / max(len(s.inputs), 1)
		s.pool = newPool(min(max(size, minBlockSize), blockSize))
	}
	usable := 0
	for _, in := range s.inputs {
		err := s.begin(in)
		if err != nil {
			s.finish(in, err)
		}
		if err == nil || err == io.EOF {
			usable++
		}
	}
	heap.Init(&s.waiting)
	if usable == 0 {
		return errors.Join(append(s.problems, s.warnings...)...)
	}
	return nil
}

// begin makes in wait for its turn. A single input needs no looking into.
func (s *Source) begin(in *input) error {
	if len(s.inputs) == 1 {
		if err := in.open(s, s.pool); err != nil {
			return err
		}
		s.current, s.limit = in, math.MaxInt64
		return in.file.start()
	}
	if in.regular() {
		if err := in.peek(s); err != nil {
			return err
		}
	} else {
		if err := in.open(s, s.pool); err != nil {
			return err
		}
		if err := in.advance(); err != nil {
			return err
		}
	}
	s.waiting = append(s.waiting, in)
	return nil
}

// Next returns the next frame. The only error is io.EOF.
func (s *Source) Next() ([]byte, capture.Info, error) {
	if in := s.current; in != nil {
		frame, info, err := in.file.Next()
		if err == nil && info.Time <= s.limit {
			return frame, info, nil
		}
		if err == nil {
			in.frame, in.info, in.time = frame, info, info.Time
			due := s.waiting[0] // there is one: its time is the limit
			s.waiting[0] = in
			heap.Fix(&s.waiting, 0)
			return s.turn(due)
		}
		s.finish(in, err)
	}
	return s.turn(s.due())
}

// due takes the input that is next out of those that wait; nil: none waits.
func (s *Source) due() *input {
	if len(s.waiting) == 0 {
		return nil
	}
	return heap.Pop(&s.waiting).(*input)
}

// turn makes in the current input and returns the packet it waited with, or
// turns to the one after it when in has become unreadable.
func (s *Source) turn(in *input) ([]byte, capture.Info, error) {
	for ; in != nil; in = s.due() {
		if in.file == nil {
			if err := s.resume(in); err != nil {
				s.finish(in, err)
				continue
			}
			if len(s.waiting) > 0 && s.waiting[0].before(in) {
				heap.Push(&s.waiting, in) // the file has changed since it was looked into
				continue
			}
		}
		s.current, s.limit = in, math.MaxInt64
		if len(s.waiting) > 0 {
			s.limit = in.limit(s.waiting[0])
		}
		return in.frame, in.info, nil
	}
	return nil, capture.Info{}, io.EOF
}

// resume opens a file whose first packet is due.
func (s *Source) resume(in *input) error {
	if err := in.open(s, s.pool); err != nil {
		return err
	}
	return in.advance()
}

// finish is the end of an input.
func (s *Source) finish(in *input, err error) {
	in.done = true
	if s.current == in {
		s.current = nil
	}
	if in.file != nil {
		in.file.Close() // read only: there is nothing that closing could lose
	}
	foreign := errors.Is(err, ErrNotCapture) || errors.Is(err, ErrEmpty)
	switch {
	case err == io.EOF:
	case in.inFolder && foreign:
		s.warnings = append(s.warnings, err)
	default:
		s.problems = append(s.problems, err)
	}
}

// Close closes all that is open. The counts can still be read.
func (s *Source) Close() error {
	var errs []error
	for _, in := range s.inputs {
		if in.file != nil {
			errs = append(errs, in.file.Close())
		}
	}
	s.current, s.waiting = nil, nil
	return errors.Join(errs...)
}

// waiting is a heap of inputs by the packet that each waits with.
type waiting []*input

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].before(w[j]) }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(*input)) }

func (w *waiting) Pop() any {
	last := len(*w) - 1
	in := (*w)[last]
	*w = (*w)[:last]
	return in
}
