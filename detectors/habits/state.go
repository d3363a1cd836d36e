package habits

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"net/netip"
	"slices"

	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/protocols"
)

// What is stored: a line that says what it is and in which version; the state of the
// Engine; what counting needs beside it, each table with the oldest first; the traces;
// the CRC-32C of all. Little-endian.
const (
	magic        = "mailsensor habits\n"
	stateVersion = 2 // 1 had no traces
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var le = binary.LittleEndian

// AppendState implements detectors.Learner.
func (t *Tracker) AppendState(dst []byte) ([]byte, error) {
	start := len(dst)
	dst = append(dst, magic...)
	dst = le.AppendUint16(dst, stateVersion)
	dst = appendPart(dst, t.engine.AppendState)
	dst = appendPart(dst, t.appendRest)
	dst = appendPart(dst, t.appendTraces)
	return le.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli)), nil
}

func appendPart(dst []byte, part func([]byte) []byte) []byte {
	at := len(dst)
	dst = part(append(dst, make([]byte, 8)...))
	le.PutUint64(dst[at:], uint64(len(dst)-at-8))
	return dst
}

func (t *Tracker) appendRest(b []byte) []byte {
	for _, n := range []uint64{uint64(t.window), uint64(t.fresh), t.Refused, t.once.full, t.hosts.Evicted, t.people.Evicted} {
		b = le.AppendUint64(b, n)
	}
	var seen []uint64
	for _, h := range t.once.slots {
		if h != 0 {
			seen = append(seen, h)
		}
	}
	slices.Sort(seen)
	b = le.AppendUint32(b, uint32(len(seen)))
	for _, h := range seen {
		b = le.AppendUint64(b, h)
	}
	var hosts []netip.Addr
	for a := range t.hosts.All {
		hosts = append(hosts, a)
	}
	b = le.AppendUint32(b, uint32(len(hosts)))
	for _, a := range slices.Backward(hosts) {
		h := t.hosts.Peek(a)
		b = appendText(b, a.String())
		b = le.AppendUint64(b, uint64(h.day))
		b = le.AppendUint32(b, h.many)
		b = append(b, h.n)
		for _, x := range h.accounts[:h.n] {
			b = le.AppendUint64(b, uint64(x))
		}
		b = append(appendText(b, h.who), bit(h.several, 0)|bit(h.before, 1)|bit(h.takes, 2))
	}
	var people []*person
	for _, p := range t.people.All {
		people = append(people, p)
	}
	b = le.AppendUint32(b, uint32(len(people)))
	for _, p := range slices.Backward(people) {
		b = p.seen.Append(appendText(b, p.name))
		for _, h := range p.hosts {
			b = le.AppendUint64(b, h)
		}
		b = append(b, p.next)
	}
	return t.appendTold(b)
}

// appendTold appends what was told, and what may be told today.
func (t *Tracker) appendTold(b []byte) []byte {
	var keys []string
	for k := range t.told.All {
		keys = append(keys, k)
	}
	b = le.AppendUint32(b, uint32(len(keys)))
	for _, k := range slices.Backward(keys) {
		b = le.AppendUint64(appendText(b, k), uint64(*t.told.Peek(k)))
	}
	var hosts []uint64
	for h := range t.blamed.All {
		hosts = append(hosts, h)
	}
	b = le.AppendUint32(b, uint32(len(hosts)))
	for _, h := range slices.Backward(hosts) {
		x := t.blamed.Peek(h)
		b = le.AppendUint64(b, h)
		b = le.AppendUint64(b, uint64(x.time))
		b = le.AppendUint64(b, math.Float64bits(x.excess))
		b = appendText(appendText(b, x.person), string(x.kind))
	}
	return t.budget.Append(b)
}

func bit(v bool, n int) byte {
	if v {
		return 1 << n
	}
	return 0
}

func appendText(b []byte, s string) []byte {
	return append(le.AppendUint16(b, uint16(len(s))), s...)
}

// LoadState implements detectors.Learner. Its errors are those of
// baseline.Engine.LoadState.
func (t *Tracker) LoadState(src []byte) error {
	n := t.blank()
	if err := n.load(src); err != nil {
		return err
	}
	*t = n
	return nil
}

var errDamaged = fmt.Errorf("%w: what is counted beside it", baseline.ErrDamaged)

func (t *Tracker) load(src []byte) error {
	if len(src) < len(magic)+2+4 || string(src[:len(magic)]) != magic {
		return fmt.Errorf("%w: it does not begin like one", baseline.ErrDamaged)
	}
	version := le.Uint16(src[len(magic):])
	if version > stateVersion {
		return fmt.Errorf("%w: %d, this program knows %d", baseline.ErrNewer, version, stateVersion)
	}
	body := src[:len(src)-4]
	if crc32.Checksum(body, castagnoli) != le.Uint32(src[len(body):]) {
		return fmt.Errorf("%w: wrong checksum", baseline.ErrDamaged)
	}
	r := reader{b: body[len(magic)+2:]}
	learned, rest := r.part(), r.part()
	var traces []byte
	if version > 1 {
		traces = r.part()
	}
	if r.bad || len(r.b) > 0 {
		return errDamaged
	}
	err := errors.Join(t.engine.LoadState(learned), t.loadRest(rest))
	if err == nil && version > 1 {
		err = t.loadTraces(traces)
	}
	return err
}

func (t *Tracker) loadRest(b []byte) error {
	r := reader{b: b}
	t.window, t.fresh = int64(r.u64()), int(r.u64())
	t.Refused, t.once.full = r.u64(), r.u64()
	t.hosts.Evicted, t.people.Evicted = r.u64(), r.u64()
	for n := r.u32(); n > 0 && !r.bad; n-- {
		r.bad = r.bad || !t.once.put(r.u64())
	}
	for n := r.u32(); n > 0 && !r.bad; n-- {
		a, err := netip.ParseAddr(r.text())
		if err != nil || t.hosts.Peek(a) != nil {
			return errDamaged
		}
		h := host{id: addressID(a), day: int32(r.u64()), many: r.u32(), n: r.u8()}
		if int(h.n) > len(h.accounts) {
			return errDamaged
		}
		for i := range h.n {
			h.accounts[i] = uint32(r.u64())
		}
		h.who = r.text()
		flags := r.u8()
		h.several, h.before, h.takes = flags&1 != 0, flags&2 != 0, flags&4 != 0
		if r.bad || flags > 7 {
			return errDamaged
		}
		*t.hosts.Insert(a) = h
	}
	for n := r.u32(); n > 0 && !r.bad; n-- {
		name := r.text()
		if t.people.Peek(name) != nil {
			return errDamaged
		}
		p := t.people.Insert(name)
		*p = person{name: name, id: protocols.NameID(name)}
		var ok bool
		if r.b, ok = p.seen.Load(r.b); !ok {
			return errDamaged
		}
		for i := range p.hosts {
			p.hosts[i] = r.u64()
		}
		if p.next = r.u8(); int(p.next) >= len(p.hosts) {
			return errDamaged
		}
	}
	t.loadTold(&r)
	if r.bad || len(r.b) > 0 {
		return errDamaged
	}
	return nil
}

func (t *Tracker) loadTold(r *reader) {
	for n := r.u32(); n > 0 && !r.bad; n-- {
		key := r.text()
		if r.bad = r.bad || t.told.Peek(key) != nil; !r.bad {
			*t.told.Insert(key) = int64(r.u64())
		}
	}
	for n := r.u32(); n > 0 && !r.bad; n-- {
		h := r.u64()
		if r.bad = r.bad || t.blamed.Peek(h) != nil; r.bad {
			return
		}
		x := told{time: int64(r.u64()), excess: math.Float64frombits(r.u64()), person: r.text(), kind: detectors.Kind(r.text())}
		r.bad = r.bad || math.IsNaN(x.excess)
		*t.blamed.Insert(h) = x
	}
	var ok bool
	if r.b, ok = t.budget.Load(r.b); !ok {
		r.bad = true
	}
}

// reader takes numbers off a state; what is not there makes it bad.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return make([]byte, 8)
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) u8() byte     { return r.take(1)[0] }
func (r *reader) u16() uint16  { return le.Uint16(r.take(2)) }
func (r *reader) u32() uint32  { return le.Uint32(r.take(4)) }
func (r *reader) u64() uint64  { return le.Uint64(r.take(8)) }
func (r *reader) part() []byte { return r.take(r.u64()) }
func (r *reader) text() string { return string(r.take(uint64(r.u16()))) }
