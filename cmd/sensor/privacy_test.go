package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/capture/decode"
	"mailsensor/capture/synth"
)

// impairments of a capture: what a short snap length, losses, one-way routes, a
// late start and taps out of step leave of it.
func impairments(frames []synth.Frame, yield func(name string, frames []synth.Frame)) {
	for n := 60; n <= 200; n += 14 {
		yield(fmt.Sprint("snap length ", n), snapped(frames, n))
	}
	for seed := uint64(1); seed <= 4; seed++ {
		small := synth.Recut(frames, seed)
		lossy := synth.Lose(small, float64(seed)/25, seed)
		yield(fmt.Sprint("loss ", seed), synth.Lose(frames, float64(seed)/25, seed))
		yield(fmt.Sprint("re-cut, loss ", seed), lossy)
		yield(fmt.Sprint("re-cut, loss, client only ", seed), synth.OneSide(lossy, capture.ToServer))
		yield(fmt.Sprint("re-cut, reordered ", seed), synth.Reorder(small, 3, seed))
		yield(fmt.Sprint("server late ", seed), late(frames, capture.ToClient, int64(seed*seed)*40_000))
	}
	for _, k := range []int{1, 2, 3, 4, 6, 9, 14, 20} {
		yield(fmt.Sprint("without the first ", k), headless(frames, k))
	}
	yield("client only", synth.OneSide(frames, capture.ToServer))
	yield("server only", synth.OneSide(frames, capture.ToClient))
}

// snapped cuts frames to n octets.
func snapped(frames []synth.Frame, n int) []synth.Frame {
	out := slices.Clone(frames)
	for i := range out {
		if f := &out[i]; len(f.Bytes) > n {
			f.Wire, f.Bytes = f.Length(), f.Bytes[:n]
		}
	}
	return out
}

// late shows one direction later than it was.
func late(frames []synth.Frame, d capture.Dir, by int64) []synth.Frame {
	moved := synth.OneSide(frames, d)
	for i := range moved {
		moved[i].Time += by
	}
	return synth.Merge(synth.OneSide(frames, d.Other()), moved)
}

// headless drops the first k segments of every connection.
func headless(frames []synth.Frame, k int) []synth.Frame {
	seen := make(map[capture.Key]int)
	var out []synth.Frame
	segments(frames, func(f *synth.Frame, s *capture.Segment) {
		if s != nil {
			seen[s.Key]++
		}
		if s == nil || seen[s.Key] > k {
			out = append(out, *f)
		}
	})
	return out
}

// segments decodes frames; s is nil for those that are no TCP.
func segments(frames []synth.Frame, each func(f *synth.Frame, s *capture.Segment)) {
	d := decode.New(decode.Options{})
	for i := range frames {
		f := &frames[i]
		var s capture.Segment
		info := capture.Info{Time: f.Time, Length: f.Length(), Link: f.Link}
		if d.Decode(f.Bytes, &info, uint64(i), &s) == decode.TCP {
			each(f, &s)
		} else {
			each(f, nil)
		}
	}
}

// said returns what each side of each connection said, put together with no
// care for anything that the samples do not hold.
func said(frames []synth.Frame) [][]byte {
	type side struct {
		key     capture.Key
		fromLow bool
	}
	all := make(map[side][]capture.Segment)
	segments(frames, func(_ *synth.Frame, s *capture.Segment) {
		if s != nil && len(s.Payload) > 0 {
			k := side{s.Key, s.FromLow}
			all[k] = append(all[k], *s)
		}
	})
	var out [][]byte
	for _, list := range all {
		base := list[0].Seq
		slices.SortStableFunc(list, func(a, b capture.Segment) int { return cmp.Compare(int32(a.Seq-base), int32(b.Seq-base)) })
		var text []byte
		next := list[0].Seq
		for _, s := range list {
			if known := int(int32(next - s.Seq)); known < len(s.Payload) {
				text = append(text, s.Payload[max(0, known):]...)
				next = s.Seq + uint32(len(s.Payload))
			}
		}
		out = append(out, text)
	}
	return out
}

var (
	loginCommand = regexp.MustCompile(`(?i)^\S+ LOGIN (?:"[^"]*"|\{(\d+)\+?\}|\S+)(.*)$`)
	authCommand  = regexp.MustCompile(`(?i)^(?:\S+ )?AUTH(?:ENTICATE)? (PLAIN|LOGIN|CRAM-MD5) ?(.*)$`)
)

// spoken reads the passwords and digests out of the streams of a capture.
func spoken(frames []synth.Frame) map[string]bool {
	out := make(map[string]bool)
	for _, text := range said(frames) {
		lines := strings.Split(string(text), "\r\n")
		lines = append(lines, "", "")
		for i, l := range lines[:len(lines)-2] {
			if m := loginCommand.FindStringSubmatch(l); m != nil {
				out[loginSecret(m, lines[i+1:])] = true
			}
			if m := authCommand.FindStringSubmatch(l); m != nil {
				out[authSecret(m, lines[i+1:])] = true
			}
		}
	}
	delete(out, "")
	return out
}

// loginSecret is the password of LOGIN, whose arguments may be literals.
func loginSecret(m, next []string) string {
	rest := m[2]
	if n, err := strconv.Atoi(m[1]); err == nil && n <= len(next[0]) {
		rest, next = next[0][n:], next[1:]
	}
	if strings.HasPrefix(rest, " {") {
		rest = next[0]
	}
	return strings.Trim(rest, ` "`)
}

// authSecret is the secret of a SASL exchange.
func authSecret(m, next []string) string {
	messages := next
	if m[2] != "" {
		messages = append([]string{m[2]}, next...)
	}
	plain := func(i int) string {
		b, _ := base64.StdEncoding.DecodeString(messages[i])
		return string(b)
	}
	switch strings.ToUpper(m[1]) {
	case "PLAIN":
		if p := strings.Split(plain(0), "\x00"); len(p) == 3 {
			return p[2]
		}
	case "LOGIN":
		return plain(1)
	case "CRAM-MD5":
		if p := strings.Split(plain(0), " "); len(p) == 2 {
			return p[1]
		}
	}
	return ""
}

// pieceLen is how many octets of a secret, in plain or in base64, may not appear.
const pieceLen = 7

// search finds pieces of secrets, whatever the case of their letters.
type search struct {
	pieces map[string]bool
	begins [1 << 16]bool // by the first two octets
}

func newSearch(secrets map[string]bool) *search {
	s := &search{pieces: make(map[string]bool)}
	for secret := range secrets {
		s.add(secret)
		for shift := range 3 { // where in a group of three octets it begins
			enc := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00"[:shift] + secret))
			s.add(enc[(shift*8+5)/6 : (shift+len(secret))*8/6])
		}
	}
	return s
}

func (s *search) add(text string) {
	text = strings.ToLower(text)
	for i := 0; i+pieceLen <= len(text); i++ {
		s.pieces[text[i:i+pieceLen]] = true
		s.begins[uint16(text[i])<<8|uint16(text[i+1])] = true
	}
}

// in returns the place of the first piece in text.
func (s *search) in(text []byte) (where string, found bool) {
	lower := strings.ToLower(string(text))
	for i := 0; i+pieceLen <= len(lower); i++ {
		if s.begins[uint16(lower[i])<<8|uint16(lower[i+1])] && s.pieces[lower[i:i+pieceLen]] {
			return lower[max(0, i-80):i], true
		}
	}
	return "", false
}

// neverMore are counts that a loss may only lower, unless they say that they are
// upper bounds.
var neverMore = []string{
	"smtp.messages_accepted", "smtp.recipients_accepted", "smtp.logins_ok", "imap.logins_ok",
	"imap.messages_downloaded", "imap.body_items", "imap.body_bytes", "imap.part_bytes", "imap.messages_appended", "imap.messages_copied", "imap.messages_moved",
}

// outputs are all that the sensor says about frames.
type outputs struct{ events, text, document []byte }

func replayAll(t *testing.T, frames []synth.Frame) (o outputs) {
	t.Helper()
	var file, events, text, document bytes.Buffer
	if err := synth.WriteAll(&file, frames, synth.Nano); err != nil {
		t.Fatal(err)
	}
	if code := run([]string{"replay", "--workers", "1", "--top", "0", "--events", "-", "-"}, bytes.NewReader(file.Bytes()), &events, &text); code != 0 {
		t.Fatalf("exit %d: %s", code, text.String())
	}
	if code := run([]string{"replay", "--workers", "1", "--json", "-"}, bytes.NewReader(file.Bytes()), &document, new(bytes.Buffer)); code != 0 {
		t.Fatalf("--json: exit %d", code)
	}
	return outputs{events.Bytes(), text.Bytes(), document.Bytes()}
}

func (o *outputs) total(t *testing.T, path string) (v float64, confidence string) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(o.document, &doc); err != nil {
		t.Fatal(err)
	}
	v, confidence, err := lookup(doc["totals"].(map[string]any), path)
	if err != nil {
		t.Fatal(err)
	}
	return v, confidence
}

// TestImpairedCaptures impairs samples in every way: no password is ever told,
// and nothing is counted that was not there.
func TestImpairedCaptures(t *testing.T) {
	for _, sample := range []struct {
		file    string
		secrets int
	}{{"smtp/auth.pcap", 10}, {"smtp/bdat.pcap", 0}, {"imap/normal.pcap", 10}, {"imap/auth-failures.pcap", 50}} {
		t.Run(sample.file, func(t *testing.T) {
			frames := load(t, filepath.Join("..", "..", "pcaps", sample.file))
			known := spoken(frames)
			if len(known) < sample.secrets {
				t.Fatalf("only %d secrets were found", len(known))
			}
			find, base := newSearch(known), replayAll(t, frames)
			if _, found := find.in(bytes.Join(said(frames), nil)); !found && sample.secrets > 0 {
				t.Fatal("the search does not find what is there")
			}
			impairments(frames, func(name string, frames []synth.Frame) {
				o := replayAll(t, frames)
				for _, text := range [][]byte{o.events, o.text, o.document} {
					if where, found := find.in(text); found {
						t.Errorf("%s: a secret stands behind %s", name, where)
					}
				}
				for _, path := range neverMore {
					most, _ := base.total(t, path)
					if got, confidence := o.total(t, path); got > most && confidence != "upper_bound" {
						t.Errorf("%s: %s is %v, and was %v", name, path, got, most)
					}
				}
			})
		})
	}
}
