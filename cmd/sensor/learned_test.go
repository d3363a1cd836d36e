package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"testing"

	"mailsensor/capture/pcapfile"
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/detectors/codec"
	"mailsensor/protocols"
)

func blank(t testing.TB) *analysis {
	t.Helper()
	a, err := newAnalysis(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// taught is an analysis that has seen some of the samples, and was not told of the end.
func taught(t testing.TB) *analysis {
	t.Helper()
	var files []string
	for _, name := range []string{"smtp/auth", "imap/normal", "imap/bulk-split", "imap/auth-failures", "http/mail-apis", "sieve/managesieve", "sieve/auto-forward"} {
		files = append(files, "../../pcaps/"+name+".pcap")
	}
	source, err := pcapfile.Open(append(files, "../../pcaps/http/proxy.pcap.gz"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	opt, err := (&replayCmd{AttachmentHash: "none"}).pipeline(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	a := blank(t)
	opt.Source = source
	opt.Observe = func(ev protocols.Event) { a.observe(ev) }
	if _, err := pipeline.Run(context.Background(), opt); err != nil {
		t.Fatal(err)
	}
	return a
}

// parts are all that outlives the process.
func parts(a *analysis) []part { return append(a.learned(), part{positionName, &position{42}}) }

func stateOf(t testing.TB, p part) []byte {
	t.Helper()
	b, err := p.AppendState([]byte("before"))
	if err != nil || string(b[:6]) != "before" {
		t.Fatal(p.name, err)
	}
	return b[6:]
}

// What is stored comes back, into the place of whatever was there.
func TestLearnedComesBack(t *testing.T) {
	taught, other := parts(taught(t)), parts(taught(t))
	empty := parts(blank(t))
	for i, p := range taught {
		b := stateOf(t, p)
		if p.name != positionName && bytes.Equal(b, stateOf(t, empty[i])) {
			t.Errorf("%s learned nothing: the test is of no use", p.name)
		}
		for _, into := range []part{empty[i], other[i]} {
			if err := into.LoadState(b); err != nil {
				t.Error(p.name, err)
			} else if !bytes.Equal(stateOf(t, into), b) {
				t.Errorf("%s: what was loaded is stored differently", p.name)
			}
		}
	}
}

// A state that is cut, changed, of a newer version or of another part is refused, and
// leaves nothing behind.
func TestLearnedIsRefused(t *testing.T) {
	empty := parts(blank(t))
	for i, p := range parts(taught(t)) {
		good, before := stateOf(t, p), stateOf(t, empty[i])
		refused := func(what string, b []byte, want ...error) {
			t.Helper()
			err := empty[i].LoadState(b)
			if err == nil || !slices.ContainsFunc(want, func(w error) bool { return errors.Is(err, w) }) {
				t.Errorf("%s, %s: %v", p.name, what, err)
			}
			if !bytes.Equal(stateOf(t, empty[i]), before) {
				t.Fatalf("%s, %s: something is left behind", p.name, what)
			}
		}
		damaged := codec.ErrDamaged
		for _, b := range [][]byte{nil, []byte("{}"), bytes.Repeat([]byte{0xff}, 100), []byte("mailsensor " + p.name + "\n")} {
			refused("no state", b, damaged)
		}
		for at := 0; at < len(good); at += 1 + len(good)/50 {
			refused("cut", good[:at], damaged)
			b := slices.Clone(good)
			b[at] ^= 0x40
			refused("changed", b, damaged, codec.ErrNewer)
		}
		refused("longer", append(slices.Clone(good), 0), damaged)
		refused("newer", ofVersion(good, 999), codec.ErrNewer)
		refused("older", ofVersion(good, 0), codec.ErrOlder)
	}
}

// ofVersion is a state that says it is of another version.
func ofVersion(state []byte, v uint16) []byte {
	b := slices.Clone(state)
	binary.LittleEndian.PutUint16(b[bytes.IndexByte(b, '\n')+1:], v)
	return sum(b[:len(b)-4])
}

func sum(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// FuzzLearned: whatever a part is given, with the right name and checksum, it takes for a
// state that it would store again, or it refuses that and nothing has changed.
func FuzzLearned(f *testing.F) {
	for i, p := range parts(taught(f)) {
		if b := stateOf(f, p); len(b) < 1<<16 {
			f.Add(byte(i), b[:len(b)-4])
		}
		empty := stateOf(f, parts(blank(f))[i])
		f.Add(byte(i), empty[:len(empty)-4])
	}
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		list := parts(blank(t))
		p := list[int(which)%len(list)]
		before := stateOf(t, p)
		if p.LoadState(sum(slices.Clone(body))) != nil {
			if !bytes.Equal(stateOf(t, p), before) {
				t.Fatalf("%s: what was refused left something behind", p.name)
			}
			return
		}
		once, again := stateOf(t, p), parts(blank(t))[int(which)%len(list)]
		if err := again.LoadState(once); err != nil || !bytes.Equal(stateOf(t, again), once) {
			t.Fatalf("%s: not stored as it was loaded: %v", p.name, err)
		}
	})
}
