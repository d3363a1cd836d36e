package decode

import (
	"container/list"
	"time"
)

// The bounds on what waits for its missing fragments. Mail crosses the network
// in whole segments, so what waits is a misconfigured path or an attack.
const (
	maxDatagrams  = 4096
	maxHeld       = 16 << 20 // bytes, bookkeeping included
	maxFragments  = 2048     // of one datagram
	maxDatagram   = 65535
	fragmentCost  = 64  // bookkeeping of a fragment, about
	datagramCost  = 256 // and of a datagram
	fragmentWait  = int64(30 * time.Second)
	duplicateWait = int64(2 * time.Second)
)

// FragmentStats counts what became of fragments and of the datagrams they were of.
type FragmentStats struct {
	Fragments   uint64 // all that came
	Reassembled uint64 // datagrams made whole
	TimedOut    uint64 // datagrams whose other fragments did not come for 30 s of event time
	Evicted     uint64 // datagrams given up for newer ones
	TooMany     uint64 // datagrams given up because they came in too many pieces
	Pending     uint64 // datagrams that wait
	Duplicates  uint64 // fragments with nothing new in them
	Overlaps    uint64 // fragments that repeat in part what was there; the first bytes count
	Conflicts   uint64 // fragments that contradict what was there: other bytes, another end
	Malformed   uint64 // fragments of an impossible size or place
	Cut         uint64 // fragments of no use because the snap length cut them
}

type fragmentKey struct {
	addrs [32]byte
	id    uint32
	vlan  uint16
	proto uint8 // 0 with IPv6, where it is no part of the identity
	v6    bool
}

// defragmenter holds the datagrams that wait, in a list from the one that was
// touched longest ago.
type defragmenter struct {
	byKey map[fragmentKey]*list.Element // of *datagram
	order list.List
	held  int
	stats FragmentStats
}

func newDefragmenter() defragmenter {
	return defragmenter{byKey: map[fragmentKey]*list.Element{}}
}

func (f *defragmenter) result() FragmentStats {
	s := f.stats
	for e := f.order.Front(); e != nil; e = e.Next() {
		if e.Value.(*datagram).whole == nil {
			s.Pending++
		}
	}
	return s
}

// defragment takes the fragment that the packet now stands at. If it completes
// its datagram, the packet goes on as if the datagram had come in one piece.
func (d *Decoder) defragment(offset int, more bool) bool {
	p, f := &d.packet, &d.frags
	f.stats.Fragments++
	if !f.usable(p, offset, more) {
		return false
	}
	f.expire(p.time)
	dg := f.find(d.key(), p, offset)
	if dg == nil {
		return false
	}
	before := dg.cost()
	f.stats.count(dg.add(p, offset, more))
	f.held += dg.cost() - before
	if dg.fragments > maxFragments {
		f.stats.TooMany++
		f.remove(f.byKey[dg.key])
		return false
	}
	done := dg.complete()
	if done {
		f.stats.Reassembled++
		f.held += dg.assemble()
		p.b, p.wire, p.proto, p.ttl = dg.whole, len(dg.whole), dg.proto, dg.ttl
	}
	f.shrink(dg)
	return done
}

func (d *Decoder) key() fragmentKey {
	p := &d.packet
	k := fragmentKey{id: p.id, v6: len(p.addrs) == 32}
	copy(k.addrs[:], p.addrs)
	if !k.v6 {
		k.proto = p.proto
	}
	if d.opt.VLANAware {
		k.vlan = p.vlan
	}
	return k
}

// usable checks what can be checked about a fragment by itself (RFC 791, section
// 3.2; RFC 8200, section 4.5).
func (f *defragmenter) usable(p *packet, offset int, more bool) bool {
	switch {
	case p.wire == 0, more && p.wire%8 != 0, offset+p.wire > maxDatagram:
		f.stats.Malformed++
		return false
	case len(p.b) < p.wire:
		f.stats.Cut++
		return false
	}
	return true
}

// find returns the datagram that a fragment is of, a new one if need be. It is
// nil if the fragment repeats one of a datagram that was just made whole, as it
// does in the mirror of two ports: that is no new datagram.
func (f *defragmenter) find(k fragmentKey, p *packet, offset int) *datagram {
	if e := f.byKey[k]; e != nil {
		dg := e.Value.(*datagram)
		if dg.whole == nil {
			dg.touched = p.time
			f.order.MoveToBack(e)
			return dg
		}
		if away(p.time, dg.touched) <= duplicateWait && dg.holds(offset, p.b) {
			f.stats.Duplicates++
			return nil
		}
		f.remove(e) // the identification is in use again
	}
	dg := &datagram{key: k, touched: p.time, total: -1}
	f.byKey[k] = f.order.PushBack(dg)
	f.held += dg.cost()
	return dg
}

// expire drops datagrams that were not touched for too long. Time that jumps back
// counts as well: what is left then is of another time.
func (f *defragmenter) expire(now int64) {
	for e := f.order.Front(); e != nil; e = f.order.Front() {
		dg := e.Value.(*datagram)
		if away(now, dg.touched) <= fragmentWait {
			return
		}
		if dg.whole == nil {
			f.stats.TimedOut++
		}
		f.remove(e)
	}
}

// shrink brings what is held back under the bounds, without touching keep.
func (f *defragmenter) shrink(keep *datagram) {
	for len(f.byKey) > maxDatagrams || f.held > maxHeld {
		e := f.order.Front()
		dg := e.Value.(*datagram)
		if dg == keep {
			return
		}
		if dg.whole == nil {
			f.stats.Evicted++
		}
		f.remove(e)
	}
}

func (f *defragmenter) remove(e *list.Element) {
	dg := f.order.Remove(e).(*datagram)
	delete(f.byKey, dg.key)
	f.held -= dg.cost()
}

func away(a, b int64) int64 { return max(a-b, b-a) }
