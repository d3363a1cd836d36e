// Package evidence keeps the packets of flows that an alert names, so that it can be
// replayed and argued. An alert comes after its packets: the latest of all flows are
// held in memory, within a bound, until one asks for them. What is kept is a capture a
// connection, without its secrets (package redact), in a folder whose oldest files make
// room.
package evidence

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"

	"mailsensor/capture"
	"mailsensor/capture/synth"
	"mailsensor/detectors"
	"mailsensor/detectors/recent"
)

// Options say where and how much.
type Options struct {
	Dir    string
	Limit  int64               // octets of all files together
	Memory int                 // octets of packets that are held
	Mail   func(p uint16) bool // a port of mail: what is on others gets a quarter of the memory
	Log    *slog.Logger
}

// Stats are the books.
type Stats struct {
	Packets      uint64 // that were held for a while
	Overwritten  uint64 // of them, made room for later ones
	Flows        uint64 // that were kept
	FlowsRefused uint64 // too many at a time
	FlowsPartial uint64 // of Flows, those of which packets had been overwritten or had no room
	Failed       uint64 // files that could not be written
	Removed      uint64 // files that made room
	Files        uint64 // that are there now
	Bytes        uint64 // of them
}

// Bounds, in event time and numbers.
const (
	settle   = int64(30e9) // how long an alerted flow is followed before it is written
	maxFlows = 256         // that are followed at once
	maxDone  = 1 << 14     // connections that are remembered as kept
	queue    = 64          // files that wait to be written
)

// Keeper keeps evidence. Packet is for the goroutine that reads, all others are for
// that of the alerts.
type Keeper struct {
	opt  Options
	jobs chan *flow
	done chan struct{}

	mu         sync.Mutex
	mail, rest *ring
	flows      map[capture.Key]*flow
	held       int // octets of flows
	kept       *recent.Table[uint64, struct{}]
	stats      Stats
	store      *folder
}

// flow is a connection that an alert named.
type flow struct {
	key      capture.Key
	id       uint64 // of the connection: the index of its first packet
	protocol string
	fromLow  bool // the client is the lower endpoint
	segments []capture.Segment
	partial  bool
	over     bool // its ports were used anew
	due      int64
	octets   int
	alert    string
}

// Open makes the folder, if it is not there, and the memory.
func Open(opt Options) (*Keeper, error) {
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("--pcap-out: %w", err)
	}
	store, err := openFolder(opt.Dir, opt.Limit)
	if err != nil {
		return nil, fmt.Errorf("--pcap-out: %w", err)
	}
	half := opt.Memory / 2 // the other half is for flows that are followed
	k := &Keeper{opt: opt, jobs: make(chan *flow, queue), done: make(chan struct{}), mail: newRing(half / 4 * 3), rest: newRing(half / 4),
		flows: map[capture.Key]*flow{}, kept: recent.New[uint64, struct{}](maxDone), store: store}
	go k.write()
	return k, nil
}

// Packet takes a segment, which is borrowed.
func (k *Keeper) Packet(s *capture.Segment) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stats.Packets++
	if len(k.flows) > 0 {
		key := s.Key
		key.VLAN = 0
		if f := k.flows[key]; f != nil {
			k.follow(f, s)
			return
		}
	}
	if k.opt.Mail(s.Key.LowPort) || k.opt.Mail(s.Key.HighPort) {
		k.mail.add(s)
		return
	}
	k.rest.add(s)
}

// Alert has the flows that an alert names kept.
func (k *Keeper) Alert(a *detectors.Alert, now int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range a.Flows {
		k.want(&a.Flows[i], a.ID, now)
	}
}

func (k *Keeper) want(named *detectors.Flow, alert string, now int64) {
	client, err1 := netip.ParseAddrPort(named.Client)
	server, err2 := netip.ParseAddrPort(named.Server)
	if err1 != nil || err2 != nil || k.kept.Get(named.Connection) != nil {
		return
	}
	key, clientIsLow := synth.KeyOf(client, server)
	if len(k.flows) == maxFlows || k.flows[key] != nil {
		k.stats.FlowsRefused++
		return
	}
	*k.kept.Insert(named.Connection) = struct{}{}
	f := &flow{key: key, id: named.Connection, protocol: named.Protocol, fromLow: clientIsLow, due: now + settle, alert: alert}
	k.flows[key] = f
	for _, r := range []*ring{k.mail, k.rest} {
		r.find(&key, f.id, func(s *capture.Segment) { k.follow(f, s) })
	}
	f.partial = f.partial || len(f.segments) == 0 || f.segments[0].Index != f.id
}

// follow adds a segment to a flow.
func (k *Keeper) follow(f *flow, s *capture.Segment) {
	if s.Flags&(capture.SYN|capture.ACK) == capture.SYN && len(f.segments) > 0 && s.Seq != f.segments[0].Seq {
		f.over = true
	}
	size := len(s.Payload) + entrySize
	switch {
	case f.over:
	case k.held+size > k.opt.Memory/2:
		f.partial = true
	default:
		c := *s
		c.Payload = append([]byte(nil), s.Payload...)
		c.Key.VLAN = 0
		f.segments = append(f.segments, c)
		f.octets += size
		k.held += size
	}
}

// Tick has written what was followed for long enough.
func (k *Keeper) Tick(now int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, f := range k.flows {
		if now < f.due {
			continue
		}
		select {
		case k.jobs <- f:
			delete(k.flows, key)
		default: // the disk is slow: later
		}
	}
}

// Close has written what is left, and waits for it.
func (k *Keeper) Close() {
	k.mu.Lock()
	left := k.flows
	k.flows = map[capture.Key]*flow{}
	k.mu.Unlock()
	for _, f := range left {
		k.jobs <- f
	}
	close(k.jobs)
	<-k.done
}

// Stats returns the books.
func (k *Keeper) Stats() Stats {
	k.mu.Lock()
	defer k.mu.Unlock()
	st := k.stats
	st.Overwritten = k.mail.overwritten + k.rest.overwritten
	st.Files, st.Bytes, st.Removed = uint64(len(k.store.files)), uint64(k.store.bytes), k.store.removed
	return st
}

// write is the goroutine that writes.
func (k *Keeper) write() {
	defer close(k.done)
	for f := range k.jobs {
		frames := f.frames()
		var name string
		var err error
		if len(frames) > 0 {
			name, err = k.store.write(frames, f.id)
		}
		k.mu.Lock()
		k.held -= f.octets
		switch {
		case err != nil:
			k.stats.Failed++
		case len(frames) > 0:
			k.store.add(name)
			k.stats.Flows++
		}
		if f.partial {
			k.stats.FlowsPartial++
		}
		k.mu.Unlock()
		switch {
		case err != nil:
			k.opt.Log.Error("the packets of an alert cannot be kept", "alert", f.alert, "error", err)
		case len(frames) == 0:
			k.opt.Log.Warn("the packets of an alert are no longer in memory: give it more (--memory)", "alert", f.alert, "connection", f.id)
		default:
			k.opt.Log.Info("the packets of an alert are kept", "alert", f.alert, "file", name, "connection", f.id, "complete", !f.partial)
		}
	}
}
