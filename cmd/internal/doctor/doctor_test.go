package doctor

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"mailsensor/capture/pcapfile"
	"mailsensor/capture/synth"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/protocols/all"
)

// said is what a sample of frames is said to be, with the mark of each line.
func said(t *testing.T, frames []synth.Frame) string {
	t.Helper()
	var capture bytes.Buffer
	if err := synth.WriteAll(&capture, frames, synth.Nano); err != nil {
		t.Fatal(err)
	}
	src, err := pcapfile.Open([]string{"-"}, io.NopCloser(&capture))
	if err != nil {
		t.Fatal(err)
	}
	list, err := Sample(context.Background(), pipeline.Options{Source: src, Protocols: all.Protocols(all.Config{}), Workers: 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Write(&out, list); err != nil {
		t.Fatal(err)
	}
	if AnyBad(list) != strings.Contains(out.String(), marks[Bad]) {
		t.Errorf("AnyBad is %v of\n%s", AnyBad(list), out.String())
	}
	return out.String()
}

func load(t *testing.T) []synth.Frame {
	t.Helper()
	src, err := pcapfile.Open([]string{"../../../pcaps/imap/normal.pcap", "../../../pcaps/smtp/basic.pcap"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := synth.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

// each changes the frames, or leaves some out.
func each(frames []synth.Frame, change func(*synth.Frame) bool) (out []synth.Frame) {
	for _, f := range frames {
		f.Bytes = slices.Clone(f.Bytes)
		if change(&f) {
			out = append(out, f)
		}
	}
	return out
}

// isTo reports whether a frame goes to a port of mail.
func isTo(f *synth.Frame) bool {
	p := binary.BigEndian.Uint16(f.Bytes[36:])
	return len(f.Bytes) > 38 && (p == 25 || p == 143)
}

// What is wrong with a mirror is found in what comes from it, and nothing is wrong with
// a good one.
func TestSample(t *testing.T) {
	frames := load(t)
	for _, c := range []struct {
		name   string
		frames []synth.Frame
		want   string
	}{
		{"as it should be", frames, "ok   imap: "},
		{"nothing", nil, "BAD  no packet came"},
		{"one way", each(frames, isTo), "BAD  of 100.0 % of the connections one direction is missing"},
		{"cut short", each(frames, func(f *synth.Frame) bool {
			if len(f.Bytes) > 96 {
				f.Wire, f.Bytes = len(f.Bytes), f.Bytes[:96]
			}
			return true
		}), "of the packets are cut short"},
		{"holes", each(frames, func() func(*synth.Frame) bool {
			n := 0
			return func(*synth.Frame) bool { n++; return n%7 != 0 }
		}()), "BAD"},
		{"tagged", each(frames, func(f *synth.Frame) bool {
			f.Bytes = slices.Insert(f.Bytes, 12, 0x81, 0, 0, 42)
			return true
		}), "note tagged with 1 VLANs, most of all [42]"},
		{"broadcasts", each(frames, func(f *synth.Frame) bool {
			f.Bytes[0], f.Bytes[12], f.Bytes[13] = 0xff, 8, 6
			return true
		}), "BAD  nothing but broadcasts"},
	} {
		got := said(t, c.frames)
		if !strings.Contains(got, c.want) || c.name == "as it should be" && strings.Contains(got, "BAD") {
			t.Errorf("%s: no %q in\n%s", c.name, c.want, got)
		}
	}
}

// A mirror of two ports that talk to one another sends each packet twice.
func TestSampleTwice(t *testing.T) {
	var twice []synth.Frame
	for _, f := range load(t) {
		twice = append(twice, f, f)
	}
	if got := said(t, twice); !strings.Contains(got, "BAD  49.5 %") || !strings.Contains(got, "of the packets come twice") {
		t.Error(got)
	}
}

// No line is wider than a terminal, but for a word that is.
func TestWriteWraps(t *testing.T) {
	word := strings.Repeat("w", 100)
	var out bytes.Buffer
	if err := Write(&out, []Finding{bad(strings.Repeat("advice ", 40)+word+"\n  as it stands", "%s", strings.Repeat("finding ", 30))}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width && !strings.HasSuffix(line, " "+word+"\n") {
			t.Errorf("%d wide: %s", n, line)
		}
	}
	if text := out.String(); strings.Count(text, "advice") != 40 || strings.Count(text, "finding") != 30 || !strings.Contains(text, "\n       as it stands\n") {
		t.Error(text)
	}
}

// Advice of several lines stays below its finding; a writer that fails is reported.
func TestWrite(t *testing.T) {
	list := []Finding{good("all %s", "well"), bad("first\nsecond", "broken")}
	var out bytes.Buffer
	if err := Write(&out, list); err != nil || out.String() != "ok   all well\nBAD  broken\n   → first\n     second\n" {
		t.Errorf("%v: %q", err, out.String())
	}
	if err := Write(failing{}, list); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
	if AnyBad(list[:1]) || !AnyBad(list) {
		t.Error("bad ones are not told from good ones")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
