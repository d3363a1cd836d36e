package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"testing"

	kflate "github.com/klauspost/compress/flate"
)

// collect writes b in pieces of the sizes given, in turn, and returns what came.
func collect(z *Inflater, b []byte, sizes ...int) (out []byte, n int, st Status) {
	for i := 0; ; i++ {
		piece := b[n:]
		if len(sizes) > 0 {
			piece = piece[:min(len(piece), sizes[i%len(sizes)])]
		}
		k, st := z.Write(piece, func(p []byte) { out = append(out, p...) })
		n += k
		if n == len(b) || k == 0 { // behind a member of gzip there may be another
			return out, n, st
		}
	}
}

// text is mail-like: lines with much repetition, and some noise.
func text(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	words := []string{"FETCH ", "(FLAGS (\\Seen) ", "BODY[] {", "Received: from ", "the ", "quick ", "\r\n", "Subject: "}
	var b []byte
	for len(b) < n {
		b = append(b, words[r.IntN(len(words))]...)
		if r.IntN(4) == 0 {
			b = append(b, byte(r.Uint32()))
		}
	}
	return b[:n]
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(7, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func contents() map[string][]byte {
	return map[string][]byte{
		"empty": nil, "one": []byte("x"), "line": []byte("* OK hello\r\n"), "text": text(5000, 1),
		"long text": text(300_000, 2), "noise": noise(100_000), "zeros": make([]byte, 200_000),
		"far": append(append(text(maxWindow, 3), noise(20)...), text(maxWindow, 3)...),
	}
}

func deflate(t testing.TB, b []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWritersOfTheLibrary(t *testing.T) {
	for name, b := range contents() {
		for level := -2; level <= 9; level++ {
			packed := append(deflate(t, b, level), "behind"...)
			for _, sizes := range [][]int{nil, {1}, {7, 1, 100}, {4096}} {
				out, n, st := collect(New(Raw, Limits{}), packed, sizes...)
				if st != Done || !bytes.Equal(out, b) || string(packed[n:]) != "behind" {
					t.Fatalf("%s at level %d in %v: %v, %d octets of %d, %d left", name, level, sizes, st, len(out), len(b), len(packed)-n)
				}
			}
		}
	}
}

// Whatever was flushed comes out with the last octet of the flush.
func TestSyncFlush(t *testing.T) {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, 6)
	z := New(Raw, Limits{})
	for i := range 200 {
		line := text(1+i*17%900, uint64(i))
		w.Write(line)
		w.Flush()
		out, n, st := collect(z, packed.Bytes())
		if st != More || n != packed.Len() || !bytes.Equal(out, line) {
			t.Fatalf("flush %d: %v, %d octets of %d", i, st, len(out), len(line))
		}
		packed.Reset()
	}
}

// bitWriter writes blocks that the library's writer does not.
type bitWriter struct {
	out  []byte
	hold uint64
	n    uint
}

func (w *bitWriter) put(v uint64, n uint) {
	w.hold |= v << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.hold))
		w.hold >>= 8
	}
}

// literal writes an octet in the fixed code.
func (w *bitWriter) literal(c byte) {
	if c < 144 {
		w.put(uint64(reverse(uint16(c)+0x30, 8)), 8)
	} else {
		w.put(uint64(reverse(uint16(c)-144+0x190, 9)), 9)
	}
}

// Z_PARTIAL_FLUSH (RFC 4978 names it in section 4): blocks end between octets,
// followed by an empty fixed block of ten bits, so that all of what came before
// stands in whole octets.
func TestPartialFlush(t *testing.T) {
	w, z := new(bitWriter), New(Raw, Limits{})
	for i := range 60 {
		line := noise(50)[i%20 : i%20+1+i%9]
		w.put(0, 1)
		w.put(1, 2)
		for _, c := range line {
			w.literal(c)
		}
		w.put(0, 7) // end of block
		w.put(0, 1)
		w.put(1, 2)
		w.put(0, 7) // the empty one
		out, _, st := collect(z, w.out)
		if st != More || !bytes.Equal(out, line) {
			t.Fatalf("flush %d: %v %q, want %q", i, st, out, line)
		}
		w.out = w.out[:0]
	}
}

// A symbol comes out as soon as its last bit is there, block ended or not.
func TestNothingIsHeldBack(t *testing.T) {
	w, z := new(bitWriter), New(Raw, Limits{})
	w.put(1, 1)
	w.put(1, 2)
	got := 0
	for i := range 100 {
		w.literal('a')
		out, _, _ := collect(z, w.out)
		w.out = w.out[:0]
		if got += len(out); got < i { // all but what shares an octet with what is to come
			t.Fatalf("%d octets of %d", got, i+1)
		}
	}
}

func TestCutEverywhere(t *testing.T) {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, 9)
	w.Write(text(400, 9))
	w.Flush()
	w.Write(noise(30))
	w.Flush()
	w.Write(text(900, 10))
	w.Close()
	b := packed.Bytes()
	want, _, _ := collect(New(Raw, Limits{}), b)
	for i := range b {
		for j := i; j < len(b); j += 3 {
			z := New(Raw, Limits{})
			var got []byte
			for _, piece := range [][]byte{b[:i], b[i:j], b[j:]} {
				out, _, _ := collect(z, piece)
				got = append(got, out...)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("cut at %d and %d: %d octets of %d", i, j, len(got), len(want))
			}
		}
	}
}

func TestWrappings(t *testing.T) {
	body := text(70_000, 4)
	var zl, gz, raw bytes.Buffer
	zw := zlib.NewWriter(&zl)
	zw.Write(body)
	zw.Close()
	gw := gzip.NewWriter(&gz)
	gw.Name, gw.Comment, gw.Extra = "a.txt", "c", []byte("extra")
	gw.Write(body[:1000])
	gw.Close()
	gw.Reset(&gz)
	gw.Write(body[1000:])
	gw.Close()
	raw.Write(deflate(t, body, 6))
	for _, c := range []struct {
		name   string
		format Format
		packed []byte
	}{
		{"zlib", Zlib, zl.Bytes()}, {"gzip of two members", Gzip, gz.Bytes()},
		{"deflate that is zlib", ZlibOrRaw, zl.Bytes()}, {"deflate that is bare", ZlibOrRaw, raw.Bytes()},
	} {
		for _, sizes := range [][]int{nil, {1}, {13, 2}} {
			z := New(c.format, Limits{})
			var out []byte
			st := More
			for at := 0; at < len(c.packed); {
				piece, n, s := collect(z, c.packed[at:], sizes...)
				out, st = append(out, piece...), s
				if at += n; n == 0 {
					t.Fatalf("%s: stuck at %d", c.name, at)
				}
			}
			if st != Done || !bytes.Equal(out, body) {
				t.Errorf("%s in %v: %v, %d octets of %d", c.name, sizes, st, len(out), len(body))
			}
		}
	}
}

// tooFar is one literal, then a copy of three octets from two back.
func tooFar() []byte {
	w := new(bitWriter)
	w.put(1, 1)
	w.put(1, 2)
	w.literal('a')
	w.put(uint64(reverse(1, 7)), 7) // length 3
	w.put(uint64(reverse(1, 5)), 5) // distance 2
	w.put(0, 32)
	return w.out
}

func TestCorrupt(t *testing.T) {
	for name, b := range map[string]string{
		"block type 3":       "\x07",
		"stored lengths":     "\x01\x05\x00\x00\x00",
		"distance too far":   string(tooFar()),
		"oversubscribed":     "\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"IMAP in clear text": "* OK done\r\n* OK done\r\n",
	} {
		for _, sizes := range [][]int{nil, {1}} {
			if _, _, st := collect(New(Raw, Limits{}), []byte(b), sizes...); st != Corrupt {
				t.Errorf("%s: %v", name, st)
			}
		}
	}
	if _, _, st := collect(New(Gzip, Limits{}), []byte("\x1f\x8b\x09\x00\x00\x00\x00\x00\x00\x00")); st != Corrupt {
		t.Errorf("gzip of another method: %v", st)
	}
	if _, _, st := collect(New(Zlib, Limits{}), []byte("\x78\x9d")); st != Corrupt {
		t.Errorf("zlib with a wrong check: %v", st)
	}
}

// A bomb is left where the limits say, whatever the cuts.
func TestBomb(t *testing.T) {
	bomb := deflate(t, make([]byte, 50<<20), 9)
	for name, l := range map[string]Limits{
		"bytes": {Bytes: 1 << 20},
		"ratio": {Ratio: 100, Slack: 1 << 20},
	} {
		for _, sizes := range [][]int{nil, {1}, {1000}} {
			z := New(Raw, l)
			out, n, st := collect(z, bomb, sizes...)
			if st != TooLarge || len(out) > 2<<20 {
				t.Errorf("%s in %v: %v behind %d octets, %d consumed", name, sizes, st, len(out), n)
			}
			if _, k, again := collect(z, bomb[n:]); k != 0 || again != TooLarge {
				t.Errorf("%s: then %v, and %d consumed", name, again, k)
			}
		}
	}
	z := New(Raw, Limits{Ratio: 1, Slack: 1 << 20})
	if out, _, st := collect(z, deflate(t, text(100_000, 5), 9)); st != Done || len(out) != 100_000 {
		t.Errorf("within the slack: %v", st)
	}
}

func TestNoAllocationOnceGrown(t *testing.T) {
	body := text(200_000, 6)
	packed := deflate(t, body, 6)
	z := New(Raw, Limits{})
	sum := 0
	emit := func(p []byte) { sum += len(p) }
	z.Write(packed, emit)
	if n := testing.AllocsPerRun(5, func() {
		z.Reset(Raw, Limits{})
		z.Write(packed, emit)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if sum == 0 || cap(z.buf) > maxWindow {
		t.Errorf("%d octets, a window of %d", sum, cap(z.buf))
	}
	small := New(Raw, Limits{})
	small.Write(deflate(t, []byte("* OK\r\n"), 6), emit)
	if cap(small.buf) > firstWindow {
		t.Errorf("a window of %d for one line", cap(small.buf))
	}
}

// FuzzInflate holds that the output is that of the standard library, as far as
// both go, and does not depend on the cuts.
func FuzzInflate(f *testing.F) {
	for _, b := range contents() {
		if len(b) < 10_000 {
			f.Add(deflate(f, b, 6), uint16(3), uint16(9))
			f.Add(deflate(f, b, 0), uint16(3), uint16(9))
			f.Add(deflate(f, b, -2), uint16(3), uint16(9))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, i, j uint16) {
		if len(in) > 1<<12 {
			return
		}
		want, err := io.ReadAll(flate.NewReader(bytes.NewReader(in)))
		whole, n, st := collect(New(Raw, Limits{}), in)
		if (err == nil) != (st == Done) || n > len(in) {
			t.Fatalf("status %v, the library says %v", st, err)
		}
		if !bytes.HasPrefix(whole, want) || err == nil && len(whole) != len(want) {
			t.Fatalf("%d octets, the library has %d", len(whole), len(want))
		}
		cut, m, st2 := collect(New(Raw, Limits{}), in, 1+int(i%512), 1+int(j%512))
		if !bytes.Equal(cut, whole) || st2 != st || st == Done && m != n {
			t.Fatalf("cut: %d octets, %v at %d; whole: %d, %v at %d", len(cut), st2, m, len(whole), st, n)
		}
	})
}

// FuzzWrapped holds that no header makes it panic or depends on the cuts.
func FuzzWrapped(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x1f\x00\x00\x00\x00\x00\x03\x02\x00abname\x00c\x00\x12\x34\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"), uint8(2), uint16(1))
	f.Add([]byte("\x78\x9c\x4b\x04\x00\x00\x62\x00\x62"), uint8(1), uint16(2))
	f.Fuzz(func(t *testing.T, in []byte, format uint8, i uint16) {
		if len(in) > 1<<12 {
			return
		}
		l := Limits{Bytes: 1 << 20}
		whole, n, st := collect(New(Format(format%4), l), in)
		cut, m, st2 := collect(New(Format(format%4), l), in, 1+int(i%64))
		if !bytes.Equal(cut, whole) || st2 != st || st == Done && m != n {
			t.Fatalf("cut: %d octets, %v at %d; whole: %d, %v at %d", len(cut), st2, m, len(whole), st, n)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	body := text(1<<20, 8)
	packed := deflate(b, body, 6)
	b.Run("pushed", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		z := New(Raw, Limits{})
		for b.Loop() {
			z.Reset(Raw, Limits{})
			for p := packed; len(p) > 0; p = p[min(1448, len(p)):] {
				z.Write(p[:min(1448, len(p))], func([]byte) {})
			}
		}
	})
	b.Run("klauspost, whole", func(b *testing.B) { // as a bound: one reader over all of it, no coroutine
		b.SetBytes(int64(len(body)))
		r := kflate.NewReader(nil)
		buf := make([]byte, 32<<10)
		for b.Loop() {
			r.(kflate.Resetter).Reset(bytes.NewReader(packed), nil)
			for {
				if _, err := r.Read(buf); err != nil {
					break
				}
			}
		}
	})
}
