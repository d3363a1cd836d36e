package mime

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"mailsensor/protocols"
)

// hostile are messages of about n octets that are made to be slow to read.
var hostile = map[string]func(n int) string{
	"header": func(n int) string { return "Subject: " + strings.Repeat("x", n) + "\r\n\r\n" },
	"fields": func(n int) string { return strings.Repeat("a: b\r\n", n/6) },
	"folds":  func(n int) string { return "To: a@x\r\n" + strings.Repeat(" ,a@x\r\n", n/7) },
	"words": func(n int) string {
		return strings.Repeat("Subject: "+strings.Repeat("=?utf-8?q?", 1600)+"\r\n", n/16000)
	},
	"quotes": func(n int) string { return strings.Repeat("To: "+strings.Repeat(`"\`, 8000)+"\r\n", n/16000) },
	"addresses": func(n int) string {
		return strings.Repeat("To: "+strings.Repeat("a@", 4000)+strings.Repeat("b ", 4000)+"\r\n", n/16000)
	},
	"params": func(n int) string {
		return strings.Repeat("Content-Type: a;b="+strings.Repeat(" ", 8000)+strings.Repeat("x(", 4000)+"\r\n", n/16000)
	},
	"received":   func(n int) string { return strings.Repeat("Received: from x by y; z\r\n", n/26) },
	"hyphens":    func(n int) string { return multipartHeader + strings.Repeat("-", n) },
	"candidates": func(n int) string { return multipartHeader + strings.Repeat("--\n", n/3) },
	"lines":      func(n int) string { return multipartHeader + strings.Repeat("\n-", n/2) },
	"parts":      func(n int) string { return multipartHeader + strings.Repeat("--b\r\n\r\n", n/7) },
	"pads":       func(n int) string { return attachmentHeader + strings.Repeat("=", n) },
	"spaces":     func(n int) string { return quotedHeader + strings.Repeat(" ", n) },
	"escapes":    func(n int) string { return quotedHeader + strings.Repeat("= ", n/2) },
	"depth": func(n int) string {
		var s strings.Builder
		for i := 0; s.Len() < n; i++ {
			fmt.Fprintf(&s, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return s.String()
	},
}

const (
	multipartHeader  = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	attachmentHeader = "Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	quotedHeader     = "Content-Disposition: attachment\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
)

// Four times the input takes four times as long, give or take what a busy
// machine adds; were it quadratic, it would be sixteen times.
func TestLinear(t *testing.T) {
	best := func(m []byte) time.Duration {
		var p Parser
		least := time.Duration(1 << 62)
		for range 5 {
			start := time.Now()
			factsOf(&p, m, 1460, true)
			least = min(least, time.Since(start))
		}
		return least
	}
	for name, make := range hostile {
		small, large := []byte(make(100_000)), []byte(make(400_000))
		once, four := best(small), best(large)
		for range 5 { // what is not linear is so every time
			if four <= 12*once+5*time.Millisecond && four <= 500*time.Millisecond {
				break
			}
			once, four = best(small), best(large)
		}
		if four > 12*once+5*time.Millisecond || four > 500*time.Millisecond {
			t.Errorf("%s: %v for 100 kB, %v for 400 kB", name, once, four)
		}
	}
}

func TestBounds(t *testing.T) {
	var p Parser
	attached := "--b\r\nContent-Disposition: attachment\r\n\r\n"
	for _, tt := range []struct {
		name, message string
		want          func(f *protocols.Facts) bool
	}{
		{"header", hostile["header"](1_000_000), func(f *protocols.Facts) bool { return len(f.Subject) == maxField-len("Subject: ") }},
		{"addresses", "To: " + strings.Repeat("a@x,", 1000) + "\r\n", func(f *protocols.Facts) bool { return f.ToCount == 1000 && len(f.To) == maxTo }},
		{"received", strings.Repeat("Received: by x\r\n", 100), func(f *protocols.Facts) bool { return f.ReceivedCount == 100 && len(f.Received) == maxReceived }},
		{"attachments", multipartHeader + strings.Repeat(attached, 100), func(f *protocols.Facts) bool {
			return f.AttachmentCount == 100 && len(f.Attachments) == maxAttachments
		}},
		{"parts", multipartHeader + strings.Repeat(attached, 100_000), func(f *protocols.Facts) bool { return f.AttachmentCount == maxParts }},
		{"depth", hostile["depth"](100_000), func(f *protocols.Facts) bool { return f.AttachmentCount == 0 }},
		{"text", multipartHeader + strings.Repeat("--b\r\nContent-Disposition: attachment; filename="+strings.Repeat("n", 9000)+"\r\n\r\n", 32),
			func(f *protocols.Facts) bool {
				return len(f.Attachments) == maxAttachments && f.Attachments[31].Name == nil
			}},
	} {
		f := factsOf(&p, []byte(tt.message), 1460, false)
		if !f.Truncated || !f.HeadersSeen || !tt.want(&f) {
			t.Errorf("%s: truncated %v, %d attachments (%d), %d of %d recipients, %d of %d hops", tt.name, f.Truncated,
				f.AttachmentCount, len(f.Attachments), len(f.To), f.ToCount, len(f.Received), f.ReceivedCount)
		}
	}
	held := func() int {
		return cap(p.text) + cap(p.line) + cap(p.field) + cap(p.bounds) + cap(p.part.text) + cap(p.part.scratch)
	}
	if n := held(); n > 256<<10 {
		t.Errorf("holds %d octets", n)
	}
	p.Reset(Options{})
	if n := held(); n > 6*maxKept {
		t.Errorf("keeps %d octets", n)
	}
}

// segments reads m as it comes from the wire.
func segments(p *Parser, f *protocols.Facts, m []byte, o Options) {
	p.Reset(o)
	for len(m) > 0 {
		n := min(len(m), 1460)
		p.Write(m[:n])
		m = m[n:]
	}
	p.Finish()
	p.Facts(f, func(b []byte) []byte { return b })
}

func TestDoesNotAllocate(t *testing.T) {
	var p Parser
	var f protocols.Facts
	for _, m := range [][]byte{sample, mixedMessage(5000, 20000), plainMessage(20000)} {
		for _, hash := range []bool{false, true} {
			if n := testing.AllocsPerRun(50, func() { segments(&p, &f, m, Options{Hash: hash, Links: hash}) }); n != 0 {
				t.Errorf("%d octets, hash %v: %v allocations", len(m), hash, n)
			}
		}
	}
}

// A new parser has room for an ordinary message; what else it allocates is the
// state of the hash and what waits for it.
func TestNewParserAllocatesOnce(t *testing.T) {
	var f protocols.Facts
	for _, m := range [][]byte{mixedMessage(5000, 20000), plainMessage(20000)} {
		for hash, most := range map[bool]float64{false: 1, true: 3} {
			n := testing.AllocsPerRun(50, func() { segments(new(Parser), &f, m, Options{Hash: hash}) })
			if n > most || n < 1 {
				t.Errorf("%d octets, hash %v: %v allocations", len(m), hash, n)
			}
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(sample, uint16(7))
	for _, make := range hostile {
		f.Add([]byte(make(2000)), uint16(100))
	}
	for _, body := range []string{"=\r", "= \t\n-", "a=4", "a \r\r\n", "=3D\r"} {
		f.Add([]byte(multipartHeader+"--b\n"+quotedHeader+body), uint16(3))
		f.Add([]byte(quotedHeader+body), uint16(3))
	}
	var one, two Parser
	f.Fuzz(func(t *testing.T, m []byte, step uint16) {
		want := factsOf(&one, m, whole, true)
		got := factsOf(&two, m, int(step)%2000+1, true)
		if show(&got) != show(&want) {
			t.Fatalf("in steps of %d:\n%s\nwant\n%s", step, show(&got), show(&want))
		}
		counted := factsOf(&two, m, 1, false)
		for i := range want.Attachments {
			if want.Attachments[i].Size != counted.Attachments[i].Size {
				t.Fatalf("%d hashed, %d counted", want.Attachments[i].Size, counted.Attachments[i].Size)
			}
		}
		if len(m) > 0 {
			cut := int(step) % len(m)
			two.Reset(Options{Hash: true})
			two.Write(m[:cut])
			two.Gap(3)
			two.Write(m[cut:])
			two.Finish()
			two.Facts(&got, bytes.Clone)
			if !got.Truncated {
				t.Fatal("a gap went by unnoticed")
			}
		}
	})
}
