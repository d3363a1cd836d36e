package tcp

// Stats counts what a table saw and what its bounds cost. Each bound has a
// counter.
type Stats struct {
	Segments      uint64
	Connections   uint64 // handed to a handler
	OneSided      uint64 // of them closed with one direction never seen
	Midstream     uint64 // flows that began without SYN
	Empty         uint64 // flows that ended without payload: scans, refused and unused connections
	Ghosts        uint64 // segments without payload of flows that are not known
	Late          uint64 // segments of connections that are over, as a rule the last acknowledgement
	Revived       uint64 // connections that went on behind their end: the end was forged
	Reused        uint64 // connections ended by a new SYN on the same ports
	Duplicates    uint64 // packets captured twice
	KeepAlives    uint64
	Conflicts     uint64 // overlaps whose bytes differ
	OutOfOrder    uint64 // segments that came before their turn
	Held          uint64 // segments that waited without a hole: for what they answer, or behind others that wait
	Gaps          uint64
	GapBytes      uint64
	ForcedGaps    uint64 // holes given up because the pages ran out
	PagesDropped  uint64 // pieces of payload for which there was no page
	Strange       uint64 // segments far from where their stream is
	StrangeRST    uint64 // of them resets
	Resyncs       uint64 // streams that went on elsewhere
	AfterFIN      uint64 // segments with payload behind the end of their stream
	HalfOpenAged  uint64 // half-open flows that timed out
	IdleAged      uint64 // connections that timed out
	EvictedHalf   uint64 // half-open flows evicted
	EvictedClosed uint64 // lingering flows evicted
	EvictedOpen   uint64 // open connections evicted
	PeakFlows     uint64 // most flows at once; the sum of the tables' peaks
	PeakPages     uint64 // most pages at once; the same
}

// Add adds o to s.
func (s *Stats) Add(o Stats) {
	s.Segments += o.Segments
	s.Connections += o.Connections
	s.OneSided += o.OneSided
	s.Midstream += o.Midstream
	s.Empty += o.Empty
	s.Ghosts += o.Ghosts
	s.Late += o.Late
	s.Revived += o.Revived
	s.Reused += o.Reused
	s.Duplicates += o.Duplicates
	s.KeepAlives += o.KeepAlives
	s.Conflicts += o.Conflicts
	s.OutOfOrder += o.OutOfOrder
	s.Held += o.Held
	s.Gaps += o.Gaps
	s.GapBytes += o.GapBytes
	s.ForcedGaps += o.ForcedGaps
	s.PagesDropped += o.PagesDropped
	s.Strange += o.Strange
	s.StrangeRST += o.StrangeRST
	s.Resyncs += o.Resyncs
	s.AfterFIN += o.AfterFIN
	s.HalfOpenAged += o.HalfOpenAged
	s.IdleAged += o.IdleAged
	s.EvictedHalf += o.EvictedHalf
	s.EvictedClosed += o.EvictedClosed
	s.EvictedOpen += o.EvictedOpen
	s.PeakFlows += o.PeakFlows
	s.PeakPages += o.PeakPages
}
