package mime

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mailsensor/protocols"
)

// linksOf are the hosts in a message, which is written in pieces of at most step.
func linksOf(message []byte, step int, o Options) ([]string, protocols.Facts) {
	var p Parser
	p.Reset(o)
	for b := message; len(b) > 0; {
		n := min(step, len(b))
		p.Write(b[:n])
		b = b[n:]
	}
	p.Finish()
	var f protocols.Facts
	p.Facts(&f, func(b []byte) []byte { return append([]byte(nil), b...) })
	var list []string
	for _, h := range f.LinkHosts {
		list = append(list, string(h))
	}
	return list, f
}

func TestLinks(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"see http://a.example/x, https://B.Example. And HTTP://a.example:8080", "a.example b.example"},
		{"(https://c.example) <https://d.example> \"http://e.example\"", "c.example d.example e.example"},
		{"https://bank.example@evil.example/ http://u:p@f.example:1/ https://[2001:DB8::1]:443/ http://192.0.2.1/", "evil.example f.example 2001:db8::1 192.0.2.1"},
		{"https:\\\\g.example\\x http:/h.example http:// i.example xhttp://j.example http:x://k.example", "g.example j.example"},
		{"ftp://no.example mailto:a@no.example //no.example hxxp://no.example http:///no https://]/ http://.", ""},
		{"http://http://l.example http://münchen.example/", "http münchen.example"},
		{"nothing: at all:", ""},
	} {
		for _, how := range []string{"7bit", "base64", "quoted-printable"} {
			body := tt.text
			switch how {
			case "base64":
				code := base64.StdEncoding.EncodeToString([]byte(body))
				body = ""
				for ; len(code) > 20; code = code[20:] {
					body += code[:20] + "\r\n"
				}
				body += code
			case "quoted-printable":
				var s strings.Builder
				for i := range len(body) {
					fmt.Fprintf(&s, "=%02X", body[i])
					if i%20 == 19 {
						s.WriteString("=\r\n")
					}
				}
				body = s.String()
			}
			for _, form := range []string{
				"Content-Transfer-Encoding: %s\r\n\r\n%s",
				"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n--b--\r\nhttp://epilogue.example/",
				"Content-Type: multipart/mixed; boundary=b\r\n\r\nhttp://preamble.example\r\n--b\r\nContent-Disposition: attachment; filename=x.html\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n--b--\r\n",
			} {
				message := fmt.Appendf(nil, form, how, body)
				for _, step := range []int{1, 2, 3, 7, whole} {
					got, f := linksOf(message, step, Options{Links: true})
					if strings.Join(got, " ") != tt.want || f.Truncated {
						t.Fatalf("%q by %d: %q, want %q", message, step, got, tt.want)
					}
				}
				if got, f := linksOf(message, whole, Options{Hash: true}); got != nil || f.Truncated {
					t.Errorf("%q: %q without being asked", message, got)
				}
			}
		}
	}
}

// Both kinds of things are told of one part, and neither disturbs the other.
func TestLinksAndHashes(t *testing.T) {
	for _, step := range []int{1, 5, whole} {
		_, plain := linksOf(sample, step, Options{Hash: true})
		_, both := linksOf(sample, step, Options{Hash: true, Links: true})
		if !slices.EqualFunc(plain.Attachments, both.Attachments, func(a, b protocols.Attachment) bool {
			return a.SHA256 == b.SHA256 && a.Size == b.Size && a.Hashed && b.Hashed
		}) || plain.AttachmentCount != both.AttachmentCount {
			t.Errorf("by %d: %s\nand %s", step, show(&plain), show(&both))
		}
		if _, counted := linksOf(sample, step, Options{Links: true}); counted.Attachments[0].Size != plain.Attachments[0].Size || counted.Attachments[0].Hashed {
			t.Errorf("by %d: %s", step, show(&counted))
		}
	}
}

// Links beyond the bounds are said to be missing; what is not text has none; what was
// lost takes the link with it that it cut.
func TestLinkBounds(t *testing.T) {
	var many strings.Builder
	for i := range maxLinks + 1 {
		fmt.Fprintf(&many, "http://h%d.example/\r\n", i)
	}
	for _, tt := range []struct {
		body  string
		n     int
		whole bool
	}{
		{"\r\n" + many.String(), maxLinks, false},
		{"\r\nhttp://" + strings.Repeat("x", maxAuthority+1) + "@a.example/ http://b.example", 1, false},
		{"Content-Type: image/svg+xml\r\n\r\nhttp://a.example", 0, true},
	} {
		got, f := linksOf([]byte(tt.body), whole, Options{Links: true})
		if len(got) != tt.n || f.Truncated == tt.whole {
			t.Errorf("%.40q: %d links, truncated %v", tt.body, len(got), f.Truncated)
		}
	}
	var p Parser
	p.Reset(Options{Links: true})
	p.Write([]byte("\r\nhttp://a.example/ http://b.exa"))
	p.Gap(5)
	p.Write([]byte("mple/ http://c.example/"))
	p.Finish()
	var f protocols.Facts
	p.Facts(&f, func(b []byte) []byte { return b })
	if len(f.LinkHosts) == 0 || string(f.LinkHosts[0]) != "a.example" || slices.ContainsFunc(f.LinkHosts, func(h []byte) bool { return string(h) == "b.example" }) || !f.Truncated {
		t.Errorf("around a gap: %q", f.LinkHosts)
	}
	p.Reset(Options{Links: true})
	p.Write([]byte("\r\nnone"))
	p.Finish()
	if p.Facts(&f, func(b []byte) []byte { return b }); len(f.LinkHosts) != 0 {
		t.Errorf("%q from the message before", f.LinkHosts)
	}
}

// However text is cut, the same is found.
func TestLinkCuts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	words := []string{"http", "https", "HTTP", "s", ":", "/", "//", "://", "a.example", "b", "@", " ", "\n", ".", "[", "]", ":8", "ht"}
	for range 2000 {
		text := ""
		for range r.IntN(30) {
			text += words[r.IntN(len(words))]
		}
		var one, many links
		one.write([]byte(text))
		one.end()
		for rest := []byte(text); len(rest) > 0; {
			n := 1 + r.IntN(min(len(rest), 6))
			many.write(rest[:n])
			rest = rest[n:]
		}
		many.end()
		if string(one.names) != string(many.names) || len(one.hosts) != len(many.hosts) {
			t.Fatalf("%q: %q and in pieces %q", text, one.names, many.names)
		}
	}
}
