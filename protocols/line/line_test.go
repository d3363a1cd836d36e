package line

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// cut feeds text to a scanner in pieces, keeping what is left as the driver
// does, and renders what comes out.
func cut(text string, limit int, size func() int) string {
	var out strings.Builder
	s := Scanner{Max: uint32(limit)}
	var tail []byte
	for len(text) > 0 {
		k := min(size(), len(text))
		tail = append(tail, text[:k]...)
		text = text[k:]
		for len(tail) > 0 {
			line, n, end := s.Next(tail)
			if end == Wait {
				break
			}
			if end != Skipped {
				fmt.Fprintf(&out, "%d %q\n", end, line)
			}
			tail = tail[n:]
		}
	}
	fmt.Fprintf(&out, "left %q", tail)
	return out.String()
}

func TestScanner(t *testing.T) {
	tests := []struct{ in, want string }{
		{"a\r\nb\r\n", "1 \"a\"\n1 \"b\"\nleft \"\""},
		{"a\nb\n\nc", "2 \"a\"\n2 \"b\"\n2 \"\"\nleft \"c\""},
		{"\r\n", "1 \"\"\nleft \"\""},
		{"a\r", "left \"a\\r\""},
		{"a\rb\r\n", "1 \"a\\rb\"\nleft \"\""},
		{"12345678\r\nx\n", "1 \"12345678\"\n2 \"x\"\nleft \"\""},
		{"123456789\r\nx\n", "3 \"12345678\"\n5 \"\"\n2 \"x\"\nleft \"\""},
		{"12345678\rz\n", "3 \"12345678\"\n5 \"\"\nleft \"\""},
	}
	for _, tt := range tests {
		for size := 1; size <= len(tt.in); size++ {
			if got := cut(tt.in, 8, func() int { return size }); got != tt.want {
				t.Errorf("%q by %d: got %s, want %s", tt.in, size, got, tt.want)
			}
		}
	}
}

func TestScannerForgets(t *testing.T) {
	s := Scanner{Max: 100}
	s.Next([]byte("abcdef"))
	s.Reset()
	if text, n, end := s.Next([]byte("x\r\ny")); string(text) != "x" || n != 3 || end != CRLF {
		t.Errorf("after Reset: %q %d %d", text, n, end)
	}
}

func TestWords(t *testing.T) {
	if !HasPrefixFold([]byte("mAiL from:<a>"), "MAIL FROM:") || HasPrefixFold([]byte("MAI"), "MAIL") || HasPrefixFold([]byte("M\xc1IL"), "MAIL") {
		t.Error("HasPrefixFold")
	}
	if !EqualFold([]byte("quit"), "QUIT") || EqualFold([]byte("quit "), "QUIT") || EqualFold([]byte("[UIT"), "{UIT") {
		t.Error("EqualFold")
	}
	if w, r := Word([]byte("a\t  b c")); string(w) != "a" || string(r) != "b c" {
		t.Errorf("Word: %q %q", w, r)
	}
	if w, r := Word([]byte("abc")); string(w) != "abc" || r != nil {
		t.Errorf("Word: %q %q", w, r)
	}
	if got := Trim([]byte(" \ta b\t ")); string(got) != "a b" {
		t.Errorf("Trim: %q", got)
	}
}

func TestOverwritten(t *testing.T) {
	for _, word := range []string{"XXXXXXXA", "XXXXXXXX", "XXXXXXXb", "XTARTTLS", "STARTTLX", "starXXXX", "STXXXXLS"} {
		if !Overwritten([]byte(word), "STARTTLS") {
			t.Errorf("%q is not seen", word)
		}
	}
	for _, word := range []string{"", "STARTTLS", "starttls", "XSTARTTLS", "XXXXXXX", "XXXXXXX1", "XXXXXXX ", "ETRNXXXX", "STARTTLZ", "CHUNKING", "8BITMIME", "ENHANCED", "XXXXXXXXX", "XAPPLEPUSHSERVICE"} {
		if Overwritten([]byte(word), "STARTTLS") {
			t.Errorf("%q is taken for STARTTLS", word)
		}
	}
}

func TestNumber(t *testing.T) {
	tests := []struct {
		in   string
		v    uint64
		rest string
		ok   bool
	}{
		{"0", 0, "", true},
		{"42 LAST", 42, " LAST", true},
		{"18446744073709551615", 1<<64 - 1, "", true},
		{"18446744073709551616", 0, "", false},
		{"99999999999999999999999x", 0, "x", false},
		{"", 0, "", false},
		{"-1", 0, "-1", false},
	}
	for _, tt := range tests {
		v, rest, ok := Number([]byte(tt.in))
		if v != tt.v || string(rest) != tt.rest || ok != tt.ok {
			t.Errorf("%q: %d %q %v", tt.in, v, rest, ok)
		}
	}
	if _, ok := Uint([]byte("1x")); ok {
		t.Error("Uint took 1x")
	}
}

// scan runs a block over text in pieces.
func scan(text string, size func() int) (content string, rest string, s *Block, done bool) {
	s = new(Block)
	var out bytes.Buffer
	for len(text) > 0 {
		b := []byte(text[:min(size(), len(text))])
		text = text[len(b):]
		for len(b) > 0 {
			piece, n, end := s.Next(b)
			out.Write(piece)
			b = b[n:]
			if end {
				return out.String(), string(b) + text, s, true
			}
		}
	}
	return out.String(), "", s, false
}

func TestBlock(t *testing.T) {
	long := strings.Repeat("x", MaxText)
	tests := []struct {
		in, content, rest string
		done              bool
		odd               Oddity
	}{
		{".\r\nQUIT\r\n", "", "QUIT\r\n", true, 0},
		{"a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n", true, 0},
		{"a\r\n..\r\n...x\r\n.y\r\n.\r\n", "a\r\n.\r\n..x\r\ny\r\n", "", true, 0},
		{"a\r\n.", "a\r\n", "", false, 0},
		{"a\r\n.\r", "a\r\n", "", false, 0},
		{"a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", "", true, OddCR},
		{"a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", "", true, OddCR},
		{"a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", "", true, OddLF | Smuggled},
		{"a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", "", true, OddLF | Smuggled},
		{"a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", "", true, OddLF | Smuggled},
		{"a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n", "", true, OddCR | Smuggled},
		{"a\r.\nb\r\n.\r\n", "a\r.\nb\r\n", "", true, OddCR | OddLF | Smuggled},
		{"a\n.\rb\r\n.\r\n", "a\n.\rb\r\n", "", true, OddLF | OddCR},
		{"a\n.b\r\n.\r\n", "a\n.b\r\n", "", true, OddLF},
		{"a\n..\nb\r\n.\r\n", "a\n..\nb\r\n", "", true, OddLF},
		{"a\rb\r\n.\r\n", "a\rb\r\n", "", true, OddCR},
		{"\r\n.\r\n", "\r\n", "", true, 0},
		{long[2:] + "\r\n.\r\n", long[2:] + "\r\n", "", true, 0},
		{"." + long[2:] + "\r\n.\r\n", long[2:] + "\r\n", "", true, 0},
		{long[1:] + "\r\n.\r\n", long[1:] + "\r\n", "", true, OddLong},
	}
	for _, tt := range tests {
		for _, size := range []int{1, 2, 3, 7, len(tt.in)} {
			content, rest, s, done := scan(tt.in, func() int { return size })
			if content != tt.content || rest != tt.rest || done != tt.done || s.Odd != tt.odd || s.Octets != uint64(len(content)) {
				t.Errorf("%.20q by %d: content %.30q (%d) rest %q done %v odd %b", tt.in, size, content, s.Octets, rest, done, s.Odd)
			}
		}
	}
}

// reference unstuffs and finds the end in the plainest way.
func reference(in string) (content, rest string, done bool) {
	if strings.HasPrefix(in, ".\r\n") {
		return "", in[3:], true
	}
	body := in
	if i := strings.Index(in, "\r\n.\r\n"); i >= 0 {
		body, rest, done = in[:i+2], in[i+5:], true
	}
	body = strings.TrimPrefix(body, ".")
	body = strings.ReplaceAll(body, "\r\n.", "\r\n")
	if !done {
		body = strings.TrimSuffix(body, "\r") // may be held back behind a lone dot
	}
	return body, rest, done
}

func TestBlockModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const alphabet = "\r\n.\r\n.ab"
	for range 20000 {
		var b strings.Builder
		for range r.IntN(40) {
			if r.IntN(3) == 0 {
				b.WriteString("\r\n")
			} else {
				b.WriteByte(alphabet[r.IntN(len(alphabet))])
			}
		}
		in := b.String()
		content, rest, s, done := scan(in, func() int { return 1 + r.IntN(9) })
		want, wantRest, wantDone := reference(in)
		if !done {
			content = strings.TrimSuffix(content, "\r")
		}
		if content != want || rest != wantRest || done != wantDone {
			t.Fatalf("%q: got %q %q %v, want %q %q %v", in, content, rest, done, want, wantRest, wantDone)
		}
		_, _, whole, _ := scan(in, func() int { return len(in) })
		if whole.Odd != s.Odd || whole.Octets != s.Octets {
			t.Fatalf("%q: cut: odd %b octets %d, whole: %b %d", in, s.Odd, s.Octets, whole.Odd, whole.Octets)
		}
	}
}

// Lines of equal and of other lengths, with something odd now and then, are the
// same to the scanner whether they come in large pieces or octet by octet.
func TestBlockOfLines(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	odd := [...]string{"\n", "\r", "\r\r\n", "\n.\r\n", "\r.\n", ".", "..", ".\r\n", "\n\r", "\r\n\r\n", strings.Repeat("y", MaxText)}
	for range 3000 {
		var b strings.Builder
		width := 1 + r.IntN(90)
		for range r.IntN(40) {
			if r.IntN(4) == 0 {
				width = 1 + r.IntN(90)
			}
			line := strings.Repeat("x", width)
			if r.IntN(10) == 0 {
				at := r.IntN(width)
				line = line[:at] + odd[r.IntN(len(odd))] + line[at:]
			}
			b.WriteString(line + "\r\n")
		}
		in := b.String()
		want, wantRest, one, wantDone := scan(in, func() int { return 1 })
		got, rest, many, done := scan(in, func() int { return 1 + r.IntN(1500) })
		if got != want || rest != wantRest || done != wantDone || one.Odd != many.Odd || one.Octets != many.Octets {
			t.Fatalf("%q: odd %b octets %d, octet by octet %b %d", in, many.Odd, many.Octets, one.Odd, one.Octets)
		}
	}
}

func TestBlockGap(t *testing.T) {
	s := new(Block)
	s.Next([]byte("abc\r\n"))
	s.Gap(100)
	s.Next([]byte("\nrest"))
	if s.Odd != 0 || s.Octets != 110 {
		t.Errorf("odd %b octets %d", s.Odd, s.Octets)
	}
	if _, _, done := s.Next([]byte("\r\n")); done {
		t.Error("ended behind a gap")
	}
}

// A gap in which the block ended holds its last line too, or what is left of it.
func take(s *Block, text string) {
	for b := []byte(text); len(b) > 0; {
		_, n, _ := s.Next(b)
		b = b[n:]
	}
}

func TestBlockEndLost(t *testing.T) {
	for _, tt := range []struct {
		seen  string
		gaps  []uint64
		after string
		want  uint64
	}{
		{"abc\r\n", []uint64{3}, "", 5}, {"abc\r\n", []uint64{100}, "", 96}, {"abc", []uint64{5}, "", 3},
		{"abc\r\n.", []uint64{2}, "", 5}, {"abc\r\n.\r", []uint64{1}, "", 5}, {"abc\r\n", []uint64{1, 2}, "", 5},
		{"abc\r\n", nil, "", 5},
		{"abc\r\n", []uint64{9}, "", 5}, {"abc\r\n", []uint64{3}, "QUIT\r\n", 5}, {"abc\r\n", []uint64{2}, "\nQUIT\r\n", 5},
		{"abc\r\n", []uint64{4}, "\r\n.\r\n", 11}, // the end was seen
	} {
		s := new(Block)
		take(s, tt.seen)
		for _, n := range tt.gaps {
			s.Gap(n)
		}
		take(s, tt.after)
		s.EndLost()
		s.EndLost()
		if s.Octets != tt.want {
			t.Errorf("%q and gaps of %v: %d octets, want %d", tt.seen, tt.gaps, s.Octets, tt.want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	text := []byte(strings.Repeat("The quick brown fox jumps over the lazy dog, again and again.\r\n..x\r\n", 20))
	s := new(Block)
	if n := testing.AllocsPerRun(100, func() {
		for b := text; len(b) > 0; {
			_, n, _ := s.Next(b)
			b = b[n:]
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzBlock(f *testing.F) {
	f.Add([]byte("a\r\n..b\r\n.\r\nQUIT"), uint8(3))
	f.Add([]byte("a\n.\r\nb\r.\n\r\n.\r\r\n.\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		k := int(size) + 1
		c1, r1, s1, d1 := scan(string(in), func() int { return k })
		c2, r2, s2, d2 := scan(string(in), func() int { return len(in) })
		if c1 != c2 || r1 != r2 || d1 != d2 || s1.Odd != s2.Odd || s1.Octets != s2.Octets {
			t.Fatalf("by %d: %q %q %v %b, whole: %q %q %v %b", k, c1, r1, d1, s1.Odd, c2, r2, d2, s2.Odd)
		}
	})
}

func FuzzScanner(f *testing.F) {
	f.Add("a\r\nbb\n123456789012\r\n\r\n", uint8(2))
	f.Fuzz(func(t *testing.T, in string, size uint8) {
		k := int(size) + 1
		if a, b := cut(in, 8, func() int { return k }), cut(in, 8, func() int { return len(in) }); a != b {
			t.Fatalf("by %d: %s\nwhole: %s", k, a, b)
		}
	})
}

func BenchmarkBlock(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	var prose strings.Builder
	for prose.Len() < 64<<10 {
		prose.WriteString(strings.Repeat("x", 50+r.IntN(25)) + "\r\n")
	}
	for name, text := range map[string]string{
		"even":  strings.Repeat(strings.Repeat("A", 76)+"\r\n", 840),
		"prose": prose.String(),
	} {
		b.Run(name, func(b *testing.B) {
			s, all := new(Block), []byte(text)
			b.SetBytes(int64(len(all)))
			for b.Loop() {
				for t := all; len(t) > 0; {
					_, n, _ := s.Next(t[:min(len(t), 1448)])
					t = t[n:]
				}
			}
		})
	}
}
