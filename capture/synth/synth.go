// Package synth makes captures: TCP conversations as frames, dialogues that
// real programs held over loopback, and variations of captures that exist
// (cut otherwise, reordered, duplicated, one side only, with losses). Tests,
// generators and benchmarks use it; the sensor itself writes with it what it keeps
// of alerted flows.
//
// Ownership: frames given to an Emit are borrowed until it returns. The
// transformations never change the frames they are given; what they return
// shares the bytes of frames that stayed as they were.
package synth

import (
	"io"

	"mailsensor/capture"
)

// Frame is one captured frame.
type Frame struct {
	Time  int64 // Unix nanoseconds
	Link  capture.LinkType
	Wire  int // bytes on the wire when the capture cut the frame short, else 0
	Bytes []byte
}

// Length is the number of bytes the frame had on the wire.
func (f *Frame) Length() int { return max(f.Wire, len(f.Bytes)) }

// Emit takes one frame of a conversation. The frame is borrowed.
type Emit func(t int64, frame []byte)

// List collects Ethernet frames.
type List []Frame

// Add is an Emit that copies the frame to the end of the list.
func (l *List) Add(t int64, frame []byte) {
	*l = append(*l, Frame{Time: t, Link: capture.LinkEthernet, Bytes: append([]byte(nil), frame...)})
}

// Load reads a source to its end.
func Load(src capture.Source) ([]Frame, error) {
	var frames []Frame
	for {
		b, info, err := src.Next()
		if err == io.EOF {
			return frames, nil
		}
		if err != nil {
			return frames, err
		}
		f := Frame{Time: info.Time, Link: info.Link, Bytes: append([]byte(nil), b...)}
		if info.Length > len(b) {
			f.Wire = info.Length
		}
		frames = append(frames, f)
	}
}

// Source plays frames from memory.
type Source struct {
	frames []Frame
}

// NewSource returns a source of the frames.
func NewSource(frames []Frame) *Source { return &Source{frames: frames} }

// Next returns the next frame, io.EOF behind the last one.
func (s *Source) Next() ([]byte, capture.Info, error) {
	if len(s.frames) == 0 {
		return nil, capture.Info{}, io.EOF
	}
	f := &s.frames[0]
	s.frames = s.frames[1:]
	return f.Bytes, capture.Info{Time: f.Time, Length: f.Length(), Link: f.Link}, nil
}

// Close does nothing; it makes Source a capture.Source.
func (s *Source) Close() error { return nil }
