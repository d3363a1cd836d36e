package live

import (
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"mailsensor/capture"
)

// face is an interface that is captured from, through everything that happens to
// it.
type face struct {
	name  string
	opt   *Options
	snap  int
	index int // of the interface that the rings are bound to
	link  capture.LinkType
	rings []*ring
	state State

	packets, bytes uint64 // of the reader; published once a block
	last           int64
	shown          struct {
		packets, bytes atomic.Uint64
		last           atomic.Int64
	}
	drops, freezes, returns uint64 // the socket's counters start anew when they are read
	before, now             LinkCounters
	earlier                 LinkCounters // of interfaces of that name that are gone
}

func openFace(name string, opt *Options) (*face, error) {
	l, err := FindLink(name)
	if err != nil {
		return nil, err
	}
	f := &face{name: name, opt: opt, snap: opt.SnapLength, before: l.Counters, now: l.Counters}
	if err := f.open(&l); err != nil {
		return nil, fmt.Errorf("live: %s: %w", name, err)
	}
	return f, nil
}

// open makes the rings and binds them.
func (f *face) open(l *Link) error {
	if !l.supported {
		return errors.New("it is neither Ethernet nor IP without a link layer: such interfaces are not read")
	}
	code, err := program(f.opt.Filter, l.Link, f.snap)
	if err != nil {
		return err
	}
	first := code
	if f.opt.Rings > 1 {
		first = nothing
	}
	var rings []*ring
	fail := func(err error) error {
		for _, r := range rings {
			r.close()
		}
		return err
	}
	for range f.opt.Rings {
		r, err := newRing(f, f.opt.RingBytes/f.opt.Rings, first)
		if err != nil {
			return fail(err)
		}
		rings = append(rings, r)
		if err := r.bind(l, !f.opt.NotPromiscuous); err != nil {
			return fail(err)
		}
	}
	if f.opt.Rings > 1 {
		if err := join(rings); err != nil {
			return fail(err)
		}
		for _, r := range rings {
			if err := r.filter(code); err != nil {
				return fail(err)
			}
		}
	}
	f.rings, f.index, f.link, f.state = rings, l.Index, l.Link, l.State
	return nil
}

// rebind makes the only ring receive from the interface that is there now. That
// needs no privilege, which a new socket would.
func (f *face) rebind(l *Link) error {
	if l.Link != f.link || !l.supported {
		return errors.New("it is of another kind than before")
	}
	if err := f.rings[0].bind(l, !f.opt.NotPromiscuous); err != nil {
		return err
	}
	f.index, f.state = l.Index, l.State
	return nil
}

// count keeps the books on a frame.
func (f *face) count(info *capture.Info) {
	f.packets++
	f.bytes += uint64(info.Length)
	f.last = max(f.last, info.Time)
}

// publish lets Stats see the books.
func (f *face) publish() {
	f.shown.packets.Store(f.packets)
	f.shown.bytes.Store(f.bytes)
	f.shown.last.Store(f.last)
}

// collect adds what the sockets have counted since they were asked last.
func (f *face) collect() {
	for _, r := range f.rings {
		if st, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			f.drops += uint64(st.Drops)
			f.freezes += uint64(st.Freeze_q_cnt)
		}
	}
}

func (f *face) stats() InterfaceStats {
	f.collect()
	st := InterfaceStats{
		Name: f.name, State: f.state, Rings: len(f.rings),
		Packets: f.shown.packets.Load(), Bytes: f.shown.bytes.Load(), Last: f.shown.last.Load(),
		KernelDrops: f.drops, Freezes: f.freezes,
		NICDrops:  f.earlier.lost() + f.now.lost() - f.before.lost(),
		NICErrors: f.earlier.Errors + f.now.Errors - f.before.Errors,
		Returns:   f.returns,
	}
	for _, r := range f.rings {
		st.RingBytes += len(r.mem)
		st.Used = max(st.Used, float64(r.taken.Load())/100)
	}
	return st
}
