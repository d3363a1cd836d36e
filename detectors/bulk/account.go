package bulk

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// usualSources is how many clients an account has without another allocation.
const usualSources = 8

// past is how many days of an account are remembered.
const past = 14

// account is what is known of one.
type account struct {
	name   string
	first  int64 // when it was first read
	day    int64 // number of the present day
	seen   window.Distinct
	burst  window.Counter
	daily  window.Counter
	bytes  window.Counter
	peak   uint64 // highest burst of the present day
	total  uint64 // of the present day
	peaks  [past]uint32
	totals [past]uint32

	sources []reader // clients that ever read it
	folders []folder // that were read within the day

	low, high bool
	what      finding // told last
	told      uint64
	toldAt    int64
	waiting   bool // more came since
	evidence  detectors.Alert
}

// reader is a client that reads an account.
type reader struct {
	addr  netip.Addr
	first int64
	last  int64
}

// folder is a mailbox of the account.
type folder struct {
	hash   uint64
	exists uint32
}

// finding is what is too much.
type finding struct {
	what   string
	n      uint64
	floor  uint64
	within time.Duration
	unit   string
	usual  uint32
}

func (a *account) reset(name string, t int64) {
	*a = account{name: name, first: t, day: t / day, sources: a.sources[:0], folders: a.folders[:0]}
}

// turn begins another day.
func (a *account) turn(t int64) {
	for now := t / day; a.day < now; a.day++ {
		i := a.day % past
		a.peaks[i], a.totals[i] = uint32(min(a.peak, 1<<31)), uint32(min(a.total, 1<<31))
		a.peak, a.total = 0, 0
		a.folders, a.low, a.high = a.folders[:0], false, false
		if now-a.day > past { // nothing of the past is left
			a.peaks, a.totals = [past]uint32{}, [past]uint32{}
			a.day = now - 1
		}
	}
}

// maxExpanded bounds how many messages of one run are looked at one by one.
const maxExpanded = 1 << 14

// distinct counts the messages of an event that were not read within the day.
func (a *account) distinct(e *protocols.MailboxRead) (fresh uint64) {
	for i := range e.Items {
		it := &e.Items[i]
		switch it.Kind {
		case protocols.ReadWhole, protocols.ReadPartial, protocols.ReadPart:
		default:
			continue
		}
		if it.First == 0 {
			if it.ID != 0 && a.add(e, it.ID) {
				fresh++
			}
			continue
		}
		if uint64(it.Last)-uint64(it.First) >= maxExpanded {
			fresh += uint64(it.Items)
			a.high = true
			continue
		}
		for n := uint64(it.First); n <= uint64(it.Last); n++ {
			id := n
			if !it.ByUID { // a position is one in its selection only
				id |= e.Conn.ID<<40 | uint64(e.Selection)<<32
			}
			if a.add(e, id) {
				fresh++
			}
		}
	}
	return fresh
}

func (a *account) add(e *protocols.MailboxRead, id uint64) bool {
	return a.seen.Add(e.Time, day, mix(folderHash(e)^mix(id)))
}

// folderHash names the mailbox that an event is about.
func folderHash(e *protocols.MailboxRead) uint64 {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], e.UIDValidity)
	return protocols.NameID(e.Mailbox) ^ mix(protocols.NameID(b[:]))
}

// mix spreads the bits of x over all of it (the finalizer of MurmurHash3).
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// source notes who reads, and returns what is known of that client.
func (a *account) source(addr netip.Addr, t int64) *reader {
	for i := range a.sources {
		if a.sources[i].addr == addr {
			a.sources[i].last = max(t, a.sources[i].last)
			return &a.sources[i]
		}
	}
	if len(a.sources) == maxSources {
		oldest := 0
		for i := range a.sources {
			if a.sources[i].last < a.sources[oldest].last {
				oldest = i
			}
		}
		a.sources = slices.Delete(a.sources, oldest, oldest+1)
	}
	if a.sources == nil {
		a.sources = make([]reader, 0, usualSources)
	}
	a.sources = append(a.sources, reader{addr, t, t})
	return &a.sources[len(a.sources)-1]
}

func (a *account) folder(e *protocols.MailboxRead) {
	h := folderHash(e)
	for i := range a.folders {
		if a.folders[i].hash == h {
			a.folders[i].exists = max(a.folders[i].exists, e.Exists)
			return
		}
	}
	if len(a.folders) < maxFolders {
		a.folders = append(a.folders, folder{h, e.Exists})
	}
}

// exists is how many messages the folders read are said to hold; 0: unknown.
func (a *account) exists() (n uint64) {
	for _, f := range a.folders {
		n += uint64(f.exists)
	}
	return n
}

// note keeps the event as evidence of what is being told.
func (a *account) note(e *protocols.MailboxRead) {
	if int64(a.evidence.Last) < e.Time-day { // of another time
		a.evidence = detectors.Alert{}
	}
	a.evidence.Saw(&e.Head)
	who := detectors.Entity{Kind: detectors.Host, Name: e.Client().String()}
	if !slices.Contains(a.evidence.Related, who) && len(a.evidence.Related) < maxSources {
		a.evidence.Related = append(a.evidence.Related, who)
	}
}
