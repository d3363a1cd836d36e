package bulk

import (
	"net/netip"
	"slices"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/habits"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// usualSources is how many clients an account has without another allocation.
const usualSources = 8

// account is what is known of one.
type account struct {
	name  string
	first int64 // when it was first read
	day   int64 // number of the present day
	burst window.Small
	daily window.Small
	bytes window.Counter

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
	usual  habits.Habit
}

func (a *account) reset(name string, t int64) {
	*a = account{name: name, first: t, day: t / day, sources: a.sources[:0], folders: a.folders[:0]}
}

// turn begins another day.
func (a *account) turn(t int64) {
	if now := t / day; a.day < now {
		a.day = now
		a.folders, a.low, a.high = a.folders[:0], false, false
	}
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

// folder notes the mailbox that was read, by its hash.
func (a *account) folder(e *protocols.MailboxRead, h uint64) {
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
