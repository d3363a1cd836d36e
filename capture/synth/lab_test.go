package synth

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"mailsensor/capture"

	"github.com/google/gopacket/pcapgo"
)

// Real captures have what generated ones lack: time stamps and SACK, keep-alives,
// repeats, ports used again, connections that began before the capture. The
// variations must leave the bytes of every stream as they were.
func TestRealStreamsSurvive(t *testing.T) {
	root := os.Getenv("MAILSENSOR_CAPTURES")
	if root == "" {
		t.Skip("MAILSENSOR_CAPTURES does not name a folder of captures")
	}
	files, err := filepath.Glob(filepath.Join(root, "*.pcap"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures in %s, %v", root, err)
	}
	for _, name := range files {
		frames := readClassic(t, name)
		want, varied := digest(frames), 0
		for what, got := range map[string][]Frame{
			"recut":     Recut(frames, 1),
			"reorder":   Reorder(frames, 3, 2),
			"duplicate": Duplicate(frames, true, 3),
		} {
			if have := digest(got); !maps.Equal(have, want) {
				t.Errorf("%s: %s: the streams are others", filepath.Base(name), what)
			}
			varied += len(got) - len(frames)
		}
		if len(want) > 0 && varied == 0 {
			t.Errorf("%s: nothing varied", filepath.Base(name))
		}
	}
}

func readClassic(t *testing.T, name string) []Frame {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcapgo.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil // another format, or one that is damaged on purpose
	}
	var frames []Frame
	for {
		b, info, err := r.ReadPacketData()
		if err != nil {
			if err != io.EOF {
				t.Logf("%s: frame %d: %v", name, len(frames), err)
			}
			return frames
		}
		frames = append(frames, Frame{
			Time: info.Timestamp.UnixNano(), Link: capture.LinkType(r.LinkType()),
			Wire: max(info.Length, len(b)), Bytes: b,
		})
	}
}

// page is 4,096 octets of a direction, by sequence number.
type page struct {
	octets [4096]byte
	have   [4096]bool
}

type place struct {
	half
	page uint32
}

// digest sums up every direction in a way that does not depend on how it is
// cut, in which order it comes and how often: which octet stands at which
// sequence number, the first one where they differ.
func digest(frames []Frame) map[place]page {
	pages := make(map[place]*page)
	for i := range frames {
		p, ok := parse(&frames[i])
		if !ok || p.size() == 0 {
			continue
		}
		seq := p.seq
		if p.flags&capture.SYN != 0 {
			seq++
		}
		for rest := p.payload(&frames[i]); len(rest) > 0; {
			at := place{p.half(), seq >> 12}
			if pages[at] == nil {
				pages[at] = new(page)
			}
			n := min(len(rest), 4096-int(seq&4095))
			pages[at].put(seq&4095, rest[:n])
			rest, seq = rest[n:], seq+uint32(n)
		}
	}
	out := make(map[place]page, len(pages))
	for at, p := range pages {
		out[at] = *p
	}
	return out
}

func (p *page) put(i uint32, b []byte) {
	for k, c := range b {
		if at := int(i) + k; !p.have[at] {
			p.have[at], p.octets[at] = true, c
		}
	}
}
