package pipeline

import "mailsensor/capture"

// ShedStats counts what was put aside because the sensor could not keep up.
type ShedStats struct {
	Packets, Bytes  uint64 // payload octets
	Connections     uint64 // that began while they would have been shed, by their SYN
	MailPackets     uint64 // of Packets, those on ports of mail
	MailConnections uint64
}

// shedder puts flows aside while the source fills up. The alternative is that the
// kernel drops packets of all flows, and every one of them has holes. Whole flows
// go, by a part of their hash: the more pressure, the larger the share of the
// hashes. Mail goes last, which is told by the ports of the protocols: what a flow
// really is its worker knows, too late.
//
// A share grows at once and shrinks slowly, so that a flow is not shed by halves
// more often than need be.
type shedder struct {
	ShedStats
	pressure    func() float64
	mail        [1 << 10]uint64 // by port, a bit each
	level       [2]float64      // of other flows, of mail: the share of the hashes that is shed
	limit       [2]uint32       // the same for a hash's 16 bits
	eased       int64           // event time when the levels were lowered last
	considering bool
}

// From which pressure on flows are shed, and from which all of them are: of mail,
// never all.
const (
	shedOther, shedAllOther = 0.50, 0.75
	shedMail, shedMostMail  = 0.75, 1.00
	mostMail                = 0.9
	easing                  = 1.0 / 16 // a second
)

func newShedder(opt *Options) *shedder {
	s := &shedder{}
	if opt.Live != nil {
		s.pressure = opt.Live.Pressure
	}
	for _, p := range opt.Protocols {
		for _, port := range p.Ports {
			s.mail[port>>6] |= 1 << (port & 63)
		}
	}
	return s
}

// consider looks at the pressure, once a round.
func (s *shedder) consider(now int64) {
	if s.pressure == nil {
		return
	}
	p := s.pressure()
	want := [2]float64{
		min(max((p-shedOther)/(shedAllOther-shedOther), 0), 1),
		min(max((p-shedMail)/(shedMostMail-shedMail), 0), 1) * mostMail,
	}
	ease := now-s.eased >= int64(1e9)
	if ease {
		s.eased = now
	}
	s.considering = false
	for i := range s.level {
		if ease {
			s.level[i] = max(s.level[i]-easing, 0)
		}
		s.level[i] = max(s.level[i], want[i])
		s.limit[i] = uint32(s.level[i] * (1 << 16))
		s.considering = s.considering || s.limit[i] > 0
	}
}

// sheds reports whether a segment belongs to a flow that is put aside, and counts
// it.
func (s *shedder) sheds(seg *capture.Segment) bool {
	if !s.considering {
		return false
	}
	mail := 0
	if s.isMail(seg.Key.LowPort) || s.isMail(seg.Key.HighPort) {
		mail = 1
	}
	if uint32(seg.Hash>>32&0xFFFF) >= s.limit[mail] {
		return false
	}
	begins := uint64(0)
	if seg.Flags&(capture.SYN|capture.ACK) == capture.SYN {
		begins = 1
	}
	s.Packets++
	s.Bytes += uint64(seg.Len())
	s.Connections += begins
	if mail == 1 {
		s.MailPackets++
		s.MailConnections += begins
	}
	return true
}

func (s *shedder) isMail(port uint16) bool { return s.mail[port>>6]&(1<<(port&63)) != 0 }
