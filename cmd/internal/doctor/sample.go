package doctor

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"mailsensor/capture"
	"mailsensor/capture/decode"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/protocols"
)

// sample is a source that looks at the frames on their way.
type sample struct {
	capture.Source
	packets, group, large, cut uint64 // group: to many; large: beyond any Ethernet MTU in use
	vlans                      map[uint16]uint64
	stacked                    uint64 // frames with more than one tag
}

const (
	largeFrame = 9216 + 18 // a jumbo frame and its header: more was put together on this machine
	mostVLANs  = 1024
)

func (s *sample) Next() ([]byte, capture.Info, error) {
	frame, info, err := s.Source.Next()
	if err == nil {
		s.look(frame, &info)
	}
	return frame, info, err
}

func (s *sample) look(frame []byte, info *capture.Info) {
	s.packets++
	if len(frame) < info.Length {
		s.cut++
	}
	if info.Length > largeFrame {
		s.large++
	}
	if info.Link != capture.LinkEthernet || len(frame) < 18 {
		return
	}
	s.group += uint64(frame[0] & 1)
	for at, depth := 12, 0; at+4 <= len(frame) && depth < 3; at, depth = at+4, depth+1 {
		if t := binary.BigEndian.Uint16(frame[at:]); t != 0x8100 && t != 0x88A8 && t != 0x9100 {
			break
		}
		if depth == 1 {
			s.stacked++
		}
		if id := binary.BigEndian.Uint16(frame[at+2:]) & 0xFFF; depth == 0 && (s.vlans[id] > 0 || len(s.vlans) < mostVLANs) {
			s.vlans[id]++
		}
	}
}

// Sample reads packets, until ctx is done or the source ends, and says what they
// look like. seconds is how long that takes, 0 for a file.
func Sample(ctx context.Context, opt pipeline.Options, seconds int) ([]Finding, error) {
	s := &sample{Source: opt.Source, vlans: map[uint16]uint64{}}
	opt.Source = s
	mail := map[string]uint64{}
	opt.Observe = func(ev protocols.Event) {
		if e, ok := ev.(*protocols.ConnEnd); ok {
			mail[e.Protocol]++
		}
	}
	res, err := pipeline.Run(ctx, opt)
	if err != nil {
		return nil, err
	}
	return s.judge(&res, mail, seconds), nil
}

func (s *sample) judge(res *pipeline.Result, mail map[string]uint64, seconds int) (out []Finding) {
	add := func(f Finding) { out = append(out, f) }
	if s.packets == 0 {
		return []Finding{bad("Is the mirror (SPAN) session configured and its destination this port? Does the filter let anything pass?\nDo the lights of the port blink, and does 'ip -s link' count?",
			"no packet came in %d s", seconds)}
	}
	per := ""
	if seconds > 0 {
		per = fmt.Sprintf(" in %d s, %d/s, %.1f Mbit/s", seconds, s.packets/uint64(seconds), float64(res.Bytes)*8/1e6/float64(seconds))
	}
	add(good("%d packets came%s", s.packets, per))
	tcp := res.Decode.Frames[decode.TCP]
	switch {
	case tcp == 0 && s.group*10 >= s.packets*9:
		add(bad("The port gets what every port gets. Mirror the port or VLAN of the mail server to it.", "nothing but broadcasts and multicasts: this is no mirror"))
	case tcp == 0:
		add(bad("Mirror where mail passes, or look at the filter.", "there is no TCP in it"))
	default:
		add(good("%s of them are TCP", percent(tcp, s.packets)))
	}
	out = append(out, streams(res)...)
	if n := res.Decode.Frames[decode.Truncated]; n*100 > s.packets {
		add(bad("Let the mirror send whole packets: no truncation, no 'packet slicing', a snap length of 0.", "%s of the packets are cut within their headers", percent(n, s.packets)))
	} else if s.cut > 0 {
		add(bad("Let the mirror send whole packets: no truncation, no 'packet slicing', a snap length of 0.", "%s of the packets are cut short", percent(s.cut, s.packets)))
	}
	if s.large > 0 {
		add(note("They are read as they are. Counts of packets are of merged ones; for others: ethtool -K IF gro off lro off.",
			"%s of the packets were merged on this machine (GRO, LRO), or are yet to be cut (TSO)", percent(s.large, s.packets)))
	}
	if n := len(s.vlans); n > 0 {
		ids := slices.SortedFunc(maps.Keys(s.vlans), func(a, b uint16) int { return int(s.vlans[b]) - int(s.vlans[a]) })
		f := note("A filter has to say so: 'tcp port 25' finds nothing in them, 'vlan and tcp port 25' does.", "tagged with %d VLANs, most of all %v", n, ids[:min(n, 5)])
		if s.stacked > 0 {
			f.Text += fmt.Sprintf("; %s have two tags", percent(s.stacked, s.packets))
		}
		add(f)
	}
	if len(mail) == 0 && tcp > 0 {
		add(note("A longer sample (--seconds) may have some.", "no connection was seen to its end with a protocol that is known"))
	}
	for _, name := range slices.Sorted(maps.Keys(mail)) {
		add(good("%s: %d connections", name, mail[name]))
	}
	return out
}

// streams judges what reassembly had to say.
func streams(res *pipeline.Result) (out []Finding) {
	t := &res.TCP
	if t.Connections >= 10 && t.OneSided*5 > t.Connections {
		out = append(out, bad("Mirror both directions of the port (rx and tx; on Cisco: 'both'). With an asymmetric route mirror the other path as well.",
			"of %s of the connections one direction is missing", percent(t.OneSided, t.Connections)))
	} else if t.Connections > 0 {
		out = append(out, good("both directions are there: of %s of %d connections one is missing", percent(t.OneSided, t.Connections), t.Connections))
	}
	if t.Segments >= 100 && t.Duplicates*10 > t.Segments {
		out = append(out, bad("Mirror each packet once: either the ports or the VLAN, and of ports that talk to one another one direction only. They are counted once, but cost twice.",
			"%s of the packets come twice", percent(t.Duplicates, t.Segments)))
	}
	if t.Segments >= 1000 && t.Gaps*200 > t.Segments {
		out = append(out, bad("The mirror port may be slower than what it is sent (two directions of 1 Gbit/s into 1 Gbit/s), or the switch drops: look at its counters.",
			"%d holes in the streams, %d octets: packets are lost on their way here", t.Gaps, t.GapBytes))
	}
	return out
}

func percent(n, of uint64) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(of, 1))) }
