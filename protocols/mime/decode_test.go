package mime

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"testing"
)

// encoded writes lines of the given length and spoils one octet in odds.
func encoded(r *rand.Rand, data []byte, length int, end string, odds int) []byte {
	code := base64.StdEncoding.EncodeToString(data)
	var b []byte
	for len(code) > 0 {
		n := min(length, len(code))
		b = append(b, code[:n]...)
		b = append(b, end...)
		code = code[n:]
	}
	for i := range b {
		if odds > 0 && r.IntN(odds) == 0 {
			b[i] = byte(r.Uint32())
		}
	}
	return b
}

// Whole lines, groups and single characters give what one character at a time
// gives, and what counting gives, however the text is cut.
func TestDecode(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	data := make([]byte, 20000)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	for _, length := range []int{76, 4, 64, 75, 77, 1000} {
		for _, end := range []string{"\r\n", "\n", ""} {
			for _, odds := range []int{0, 3000, 100} {
				body := encoded(r, data[:r.IntN(len(data))], length, end, odds)
				var simple base64Reader
				want := simple.appendTo(nil, body)
				for _, step := range []int{1, 7, 1460, whole} {
					var d, counter base64Reader
					var out, count output
					sha := sha256.New()
					out.hashTo(sha)
					for b := body; len(b) > 0; {
						n := min(step, len(b))
						d.write(b[:n], &out)
						counter.write(b[:n], &count)
						b = b[n:]
					}
					d.end(&out)
					counter.end(&count)
					var sum [sha256.Size]byte
					out.end()
					sha.Sum(sum[:0])
					if sum != sha256.Sum256(want) || out.size != uint64(len(want)) || count.size != out.size {
						t.Fatalf("lines of %d%q, odds %d, step %d: %d octets, counted %d, want %d",
							length, end, odds, step, out.size, count.size, len(want))
					}
				}
				if odds == 0 && !bytes.Equal(want, data[:len(want)]) {
					t.Fatalf("lines of %d: not what was encoded", length)
				}
			}
		}
	}
}
