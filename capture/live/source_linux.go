package live

import (
	"cmp"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"mailsensor/capture"
)

// Source is the frames of one or several interfaces, in the order of time. Next
// and Pressure are for one goroutine, Stats for any.
type Source struct {
	opt   Options
	mu    sync.Mutex // guards what Stats reads of faces against the reader's changes
	faces []*face
	rings []*ring // of all faces, and old ones that are not empty yet

	current *ring // the one being read; nil: ask all
	limit   int64 // up to this time it is ahead of the others
	told    bool  // that there is no frame, since the last one
	looked  int64 // when the interfaces were looked at
	closed  bool
}

var _ capture.Source = (*Source)(nil)

// Open begins to capture. ErrPermission says what to do when that is not allowed.
func Open(opt Options) (*Source, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	opt.SnapLength = cmp.Or(opt.SnapLength, MaxSnapLength)
	opt.Rings = cmp.Or(opt.Rings, Rings())
	if opt.RingBytes == 0 {
		var info unix.Sysinfo_t
		if err := unix.Sysinfo(&info); err != nil {
			return nil, err
		}
		opt.RingBytes = RingBytes(uint64(info.Totalram) * uint64(info.Unit))
	}
	opt.RingBytes = max(opt.RingBytes, minRingBytes)
	s := &Source{opt: opt, looked: opt.Now()}
	for _, name := range opt.Interfaces {
		f, err := openFace(name, &s.opt)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.faces = append(s.faces, f)
		s.rings = append(s.rings, f.rings...)
	}
	return s, nil
}

// Next returns the next frame. Where there is none it says so once at once, with
// capture.ErrIdle, and then after waiting for a while. It ends only after Close.
func (s *Source) Next() ([]byte, capture.Info, error) {
	if r := s.current; r != nil && r.ready() && r.time() <= s.limit {
		frame, info := r.take()
		return frame, info, nil
	}
	return s.turn()
}

// turn goes on with the ring whose frame is the oldest. A ring without a frame may
// yet bring an older one, so as long as there is such a ring, frames wait.
func (s *Source) turn() ([]byte, capture.Info, error) {
	if s.closed {
		return nil, capture.Info{}, io.EOF
	}
	s.current, s.limit = nil, math.MaxInt64
	var oldest int64
	empty := false
	for _, r := range s.rings {
		switch {
		case !r.ready():
			empty = true
		case s.current == nil:
			s.current, oldest = r, r.time()
		case r.time() < oldest:
			s.limit, oldest = oldest, r.time()
			s.current = r
		default:
			s.limit = min(s.limit, r.time())
		}
	}
	if s.current == nil {
		return nil, capture.Info{}, s.idle(nil)
	}
	if empty && len(s.rings) > 1 {
		now := s.opt.Now()
		s.look(now)
		s.limit = min(s.limit, now-int64(hold))
		if oldest > s.limit && oldest < now+int64(time.Second) { // a clock that was set back holds nothing up
			s.current = nil
			return nil, capture.Info{}, s.idle(&oldest)
		}
	}
	s.told = false
	frame, info := s.current.take()
	return frame, info, nil
}

// idle waits for a frame to come, or for the one at hand to have waited enough.
func (s *Source) idle(held *int64) error {
	switch {
	case held != nil:
		unix.Poll(nil, int(hold.Milliseconds()/2))
	case s.told:
		s.poll()
	}
	s.told = true
	for _, r := range s.rings {
		r.publish()
	}
	s.look(s.opt.Now())
	return capture.ErrIdle
}

// poll waits until a ring has a frame or something happens to an interface.
func (s *Source) poll() {
	fds := make([]unix.PollFd, len(s.rings), MaxRings)
	for i, r := range s.rings {
		fds[i] = unix.PollFd{Fd: int32(r.fd), Events: unix.POLLIN | unix.POLLERR}
	}
	unix.Poll(fds, int(wait.Milliseconds())) // interrupted or not: rings are looked at next
	for i := range fds {
		if fds[i].Revents&unix.POLLERR != 0 {
			unix.GetsockoptInt(int(fds[i].Fd), unix.SOL_SOCKET, unix.SO_ERROR) // reading it takes it away
			s.looked = 0
		}
	}
}

// look finds out, once in a while, how the interfaces are doing, and goes on with
// those that have come back.
func (s *Source) look(now int64) {
	if now >= s.looked && now < s.looked+int64(lookEvery) {
		return
	}
	s.looked = now
	links, err := Links()
	if err != nil {
		return // memory is short: the next look will tell
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faces {
		l, ok := named(links, f.name)
		switch {
		case !ok:
			f.state = Gone
		case l.Index != f.index:
			s.again(f, &l)
		default:
			f.state, f.now = l.State, l.Counters
		}
	}
	s.rings = slices.DeleteFunc(s.rings, func(r *ring) bool {
		if slices.Contains(r.face.rings, r) || r.ready() {
			return false
		}
		r.close()
		return true
	})
}

// again goes on with an interface that is another than before under its name. If
// that fails it is tried again at the next look.
func (s *Source) again(f *face, l *Link) {
	old := f.rings
	err := error(nil)
	if len(old) == 1 {
		err = f.rebind(l)
	}
	if len(old) > 1 || err != nil {
		f.collect()
		err = f.open(l)
	}
	if err != nil {
		f.state = Gone
		return
	}
	if f.rings[0] != old[0] {
		s.rings = append(s.rings, f.rings...)
	}
	f.returns++
	f.earlier.Over += f.now.lost() - f.before.lost()
	f.earlier.Errors += f.now.Errors - f.before.Errors
	f.before, f.now = LinkCounters{}, l.Counters
}

// Pressure is the largest share of a ring that waits to be read or is being read,
// from 0 to 1.
func (s *Source) Pressure() float64 {
	p := 0.0
	for _, r := range s.rings {
		p = max(p, r.used())
	}
	return p
}

// Stats returns the books.
func (s *Source) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	var st Stats
	for _, f := range s.faces {
		st.Interfaces = append(st.Interfaces, f.stats())
	}
	return st
}

// Close ends the capture. Frames that were handed out stay valid until their
// blocks are released. The counts can still be read.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	for _, f := range s.faces {
		f.collect()
		f.publish()
		f.rings = nil
	}
	for _, r := range s.rings {
		r.close()
	}
	s.rings, s.current = nil, nil
	return nil
}
