package pipeline

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/capture/synth"
	"mailsensor/protocols"
)

// reusing hands out every frame in the same buffer.
type reusing struct {
	*synth.Source
	buf []byte
}

func (s *reusing) Next() ([]byte, capture.Info, error) {
	frame, info, err := s.Source.Next()
	clear(s.buf)
	s.buf = append(s.buf[:0], frame...)
	return s.buf, info, err
}

// lending hands out a few frames a block, and spoils a block when it is free.
type lending struct {
	*synth.Source
	block *capture.Block
	n     int
	lent  atomic.Int64
}

func (s *lending) Next() ([]byte, capture.Info, error) {
	frame, info, err := s.Source.Next()
	if s.n%7 == 0 || err != nil {
		if s.block != nil {
			s.block.Release()
		}
		s.lent.Add(1)
		s.block = capture.NewBlock(make([]byte, 0, 64<<10), func(b *capture.Block) {
			clear(b.Data[:cap(b.Data)])
			s.lent.Add(-1)
		})
	}
	s.n++
	from := len(s.block.Data)
	s.block.Data = append(s.block.Data, frame...)
	info.Block = s.block
	return s.block.Data[from:], info, err
}

// Borrowed bytes are let go neither too early nor never.
func TestOwnership(t *testing.T) {
	frames := crowd(200)
	want, _ := replay(t, Options{Source: synth.NewSource(frames), Workers: 2})
	if got, _ := replay(t, Options{Source: &reusing{Source: synth.NewSource(frames)}, Workers: 2}); !slices.Equal(got, want) {
		t.Error("one buffer for all frames: other events")
	}
	blocks := &lending{Source: synth.NewSource(frames)}
	if got, _ := replay(t, Options{Source: blocks, Workers: 2}); !slices.Equal(got, want) {
		t.Error("frames in blocks: other events")
	}
	if n := blocks.lent.Load(); n != 1 { // the one the source itself holds
		t.Errorf("%d blocks are still held", n)
	}
}

func TestEmptySource(t *testing.T) {
	events, res := replay(t, Options{Source: synth.NewSource(nil)})
	if len(events) != 0 || res.Packets != 0 || res.First != 0 || res.Last != 0 {
		t.Errorf("%q, %+v", events, res)
	}
}

// failing breaks off behind its frames.
type failing struct {
	*synth.Source
	err error
}

func (s *failing) Next() ([]byte, capture.Info, error) {
	frame, info, err := s.Source.Next()
	if err == io.EOF {
		err = s.err
	}
	return frame, info, err
}

func TestSourceFails(t *testing.T) {
	frames := crowd(10)
	broken := errors.New("broken")
	n := 0
	res, err := Run(context.Background(), Options{Source: &failing{synth.NewSource(frames), broken}, Protocols: toy(),
		Observe: func(protocols.Event) { n++ }})
	if !errors.Is(err, broken) || res.Packets != uint64(len(frames)) || n == 0 {
		t.Errorf("%v, %d packets of %d, %d events", err, res.Packets, len(frames), n)
	}
}

// quiet has nothing to read until somebody has seen the events so far.
type quiet struct {
	*synth.Source
	seen chan struct{}
	late bool
	idle bool
}

func (s *quiet) Next() ([]byte, capture.Info, error) {
	frame, info, err := s.Source.Next()
	switch {
	case err == nil:
		return frame, info, nil
	case !s.idle:
		s.idle = true
		return nil, capture.Info{}, capture.ErrIdle
	}
	select {
	case <-s.seen:
	case <-time.After(10 * time.Second):
		s.late = true
	}
	return frame, info, err
}

// A live source that is quiet does not hold back what was understood.
func TestIdleSource(t *testing.T) {
	src := &quiet{Source: synth.NewSource(open(1, begin, "toy one\n")), seen: make(chan struct{})}
	told := false
	_, err := Run(context.Background(), Options{Source: src, Workers: 2, Protocols: toy(), Observe: func(protocols.Event) {
		if !told {
			told = true
			close(src.seen)
		}
	}})
	if err != nil || src.late || !told {
		t.Errorf("%v, an event before the end: %v", err, told && !src.late)
	}
}

// endless repeats its frames.
type endless struct {
	frames []synth.Frame
	n      uint64
}

func (s *endless) Next() ([]byte, capture.Info, error) {
	if s.n > 20_000_000 {
		return nil, capture.Info{}, io.ErrNoProgress
	}
	f := &s.frames[s.n%uint64(len(s.frames))]
	s.n++
	return f.Bytes, capture.Info{Time: begin + int64(s.n)*1000, Length: len(f.Bytes), Link: f.Link}, nil
}

func (s *endless) Close() error { return nil }

// Cancelling ends an endless capture, with all that was read understood.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ends := 0
	res, err := Run(ctx, Options{Source: &endless{frames: open(1, begin, "toy one\n", "more\n")}, Workers: 2, Protocols: toy(),
		Observe: func(ev protocols.Event) {
			cancel()
			if _, ok := ev.(*protocols.ConnEnd); ok {
				ends++
			}
		}})
	if err != nil || res.Packets == 0 || ends == 0 {
		t.Errorf("%v, %d packets, %d ends", err, res.Packets, ends)
	}
	cancel()
	res, err = Run(ctx, Options{Source: &endless{frames: crowd(2)}, Workers: 2, Protocols: toy(), Observe: func(protocols.Event) {}})
	if limit := uint64(4 * roundFrames); err != nil || res.Packets > limit {
		t.Errorf("cancelled before it began: %v, %d packets, at most %d expected", err, res.Packets, limit)
	}
}

// silent never has a frame.
type silent struct{}

func (silent) Next() ([]byte, capture.Info, error) { return nil, capture.Info{}, capture.ErrIdle }
func (silent) Close() error                        { return nil }

// A live source that stays quiet can be stopped.
func TestSilentSourceStops(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := Run(ctx, Options{Source: silent{}, Workers: 2, Protocols: toy(), Observe: func(protocols.Event) {}})
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it went on")
	}
}
