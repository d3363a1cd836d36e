package evidence

import (
	"mailsensor/capture"
	"mailsensor/capture/synth"
	"mailsensor/protocols/redact"
)

// frames are the packets of a flow without its secrets.
func (f *flow) frames() []synth.Frame {
	c := redact.New(f.protocol)
	for i := range f.segments { // a direction whose beginning is not known is overwritten
		if s := &f.segments[i]; s.Flags&capture.SYN != 0 {
			c.Begin(f.dir(s), s.Seq+1)
		}
	}
	for i := range f.segments {
		s := &f.segments[i]
		c.Add(f.dir(s), s.Seq+syn(s), s.Payload)
	}
	c.Finish()
	var out []synth.Frame
	for i := range f.segments {
		s := &f.segments[i]
		c.Clean(f.dir(s), s.Seq+syn(s), s.Payload)
		out = append(out, synth.FromSegment(s)...)
	}
	return out
}

// syn is the place that a SYN takes before payload.
func syn(s *capture.Segment) uint32 {
	if s.Flags&capture.SYN != 0 {
		return 1
	}
	return 0
}

func (f *flow) dir(s *capture.Segment) capture.Dir {
	if s.FromLow == f.fromLow {
		return capture.ToServer
	}
	return capture.ToClient
}
