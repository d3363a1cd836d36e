// Package live captures from network interfaces: a capture.Source over AF_PACKET
// sockets with TPACKET_V3 rings. It exists because libpcap and gopacket's afpacket
// need cgo; the kernel's interface (Documentation/networking/packet_mmap.rst) is
// small enough to be used directly.
//
// The kernel writes frames into blocks of a ring that is mapped into the process.
// Frames are handed out as slices of these blocks, without a copy; a block goes
// back to the kernel when nobody holds it any more. The outer VLAN tag, which the
// kernel takes out of a frame, is put back, so a live frame is the frame that a
// capture file would hold. Frames of several rings and interfaces come in the
// order of their times.
//
// Nothing here blocks the network: when the ring is full the kernel drops frames
// and counts them, see Stats. An interface that goes down or away is waited for.
package live

import (
	"errors"
	"runtime"
	"strings"
	"time"
)

// Options say what to capture. The zero value of all but Interfaces and Now is
// what suits most machines.
type Options struct {
	Interfaces []string
	// Filter is an expression of package filter, run by the kernel. Empty: all.
	Filter string
	// SnapLength is how many octets of a frame are kept. 0: all.
	SnapLength int
	// RingBytes is the size of an interface's rings together. 0: RingBytes(memory).
	RingBytes int
	// Rings is the number of rings, and sockets, of an interface. With more than
	// one, the kernel deals the frames among them by flow (PACKET_FANOUT_HASH). 0: Rings().
	Rings int
	// NotPromiscuous leaves the interface as it is: only what is addressed to this
	// machine is seen.
	NotPromiscuous bool
	// Now is the wall clock, in Unix nanoseconds.
	Now func() int64
}

// Bounds and defaults.
const (
	MaxSnapLength = 1 << 18 // what tcpdump keeps; more than any frame, GRO's included
	MaxRings      = 16      // of an interface

	blockSize    = 1 << 20
	minRingBytes = 16 * blockSize
	maxRingBytes = 1 << 30

	// retire is after how long the kernel hands over a block that is not full, and
	// hold how long a frame waits for older ones of another ring that is silent.
	retire = 10 * time.Millisecond
	hold   = 25 * time.Millisecond
	// wait is how long Next waits for a frame before it says that there is none.
	wait = 100 * time.Millisecond
	// lookEvery is how often interfaces are looked at when nothing comes.
	lookEvery = time.Second
)

// RingBytes is the default size of an interface's rings on a machine with so much
// memory: a 64th of it, from 32 to 256 MiB. At 5 Gbit/s 128 MiB bridge 0.2 s.
func RingBytes(memory uint64) int { return int(min(max(memory/64, 32<<20), 256<<20)) }

// Rings is the default number of rings of an interface. One reader empties them
// all; more of them only keep the CPUs that receive from waiting for one another,
// see docs/adr/0011.
func Rings() int { return min(max(runtime.NumCPU()/4, 1), 8) }

// ErrPermission is the missing right to capture, with what to do about it.
var ErrPermission = errors.New("no permission to capture: the process needs the capability CAP_NET_RAW.\n" +
	"Grant it to the program: sudo setcap cap_net_raw=ep \"$(command -v sensor)\"\n" +
	"or in the systemd unit:  AmbientCapabilities=CAP_NET_RAW\n" +
	"or run it as root; it gives up what it does not need")

// ErrUnsupported is what Open returns on other systems than Linux.
var ErrUnsupported = errors.New("live capture works on Linux only; elsewhere capture with tcpdump and read the file with 'sensor replay'")

// State is how an interface is doing.
type State uint8

// The states.
const (
	Up        State = iota
	NoCarrier       // up, but nothing is connected
	Down            // switched off
	Gone            // there is no interface of that name
)

var stateNames = [...]string{"up", "no carrier", "down", "gone"}

func (s State) String() string { return stateNames[s] }

// Stats are the books of a source. All counts are since it was opened.
type Stats struct {
	Interfaces []InterfaceStats
}

// InterfaceStats are the books on one interface.
type InterfaceStats struct {
	Name  string
	State State
	Rings int
	// Packets and Bytes were handed out; Bytes are those on the wire.
	Packets, Bytes uint64
	// KernelDrops are frames for which the ring had no room, Freezes how many
	// times it ran full.
	KernelDrops, Freezes uint64
	// NICDrops are frames that the network card or its driver lost before anybody
	// saw them: rx_missed, rx_fifo and rx_over errors. NICErrors are damaged ones.
	NICDrops, NICErrors uint64
	// Last is the time of the latest frame, Unix nanoseconds. 0: none yet.
	Last int64
	// Used is the share of the ring that waits to be read or is being read.
	Used float64
	// RingBytes is how large the rings are: less than asked for where memory was
	// short.
	RingBytes int
	// Returns is how often the interface came back.
	Returns uint64
}

// Drops is what was lost before the sensor saw it.
func (s *InterfaceStats) Drops() uint64 { return s.KernelDrops + s.NICDrops }

func (o *Options) check() error {
	switch {
	case len(o.Interfaces) == 0:
		return errors.New("live: no interface")
	case o.Now == nil:
		return errors.New("live: no clock")
	case o.SnapLength < 0 || o.SnapLength > MaxSnapLength:
		return errors.New("live: the snap length is from 1 to 262144")
	case o.Rings < 0 || o.Rings > MaxRings:
		return errors.New("live: an interface has from 1 to 16 rings")
	case o.RingBytes < 0 || o.RingBytes > maxRingBytes:
		return errors.New("live: the rings of an interface are at most 1 GiB")
	}
	for i, name := range o.Interfaces {
		for _, other := range o.Interfaces[:i] {
			if name == other {
				return errors.New("live: interface " + name + " is given twice")
			}
		}
		if name == "" || strings.ContainsAny(name, "/ \t\x00") {
			return errors.New("live: " + name + " is no name of an interface")
		}
	}
	return nil
}
