package redact

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"mailsensor/capture"
)

// turn is what one side says.
type turn struct {
	d    capture.Dir
	text string
}

func c(lines ...string) turn { return turn{capture.ToServer, strings.Join(lines, "\r\n") + "\r\n"} }
func s(lines ...string) turn { return turn{capture.ToClient, strings.Join(lines, "\r\n") + "\r\n"} }

// kept is what may be kept of a dialogue whose segments are of at most so many octets.
func kept(protocol string, turns []turn, most int) [2]string {
	conn := New(protocol)
	conn.Begin(0, 1000)
	conn.Begin(1, 0xFFFFFFF0) // wraps
	at := [2]uint32{1000, 0xFFFFFFF0}
	type packet struct {
		d   capture.Dir
		seq uint32
		b   []byte
	}
	var packets []packet
	for _, t := range turns {
		for b := []byte(t.text); len(b) > 0; {
			n := min(most, len(b))
			conn.Add(t.d, at[t.d], b[:n])
			packets = append(packets, packet{t.d, at[t.d], bytes.Clone(b[:n])})
			at[t.d] += uint32(n)
			b = b[n:]
		}
	}
	conn.Finish()
	var out [2]string
	for _, p := range packets {
		conn.Clean(p.d, p.seq, p.b)
		out[p.d] += string(p.b)
	}
	return out
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// Secrets are hunter22 in all dialogues; what is beside them says what has to be kept.
func TestSecretsAreOverwritten(t *testing.T) {
	plain := b64("\x00anna\x00hunter22")
	for name, test := range map[string]struct {
		protocol string
		turns    []turn
		keeps    []string
	}{
		"smtp plain": {"smtp", []turn{s("220 x"), c("EHLO c"), s("250 AUTH PLAIN"), c("AUTH PLAIN " + plain), s("235 ok"), c("MAIL FROM:<a@b>"), s("250 ok")},
			[]string{"EHLO c", "AUTH PLAIN " + b64("\x00anna\x00xxxxxxxx"), "MAIL FROM:<a@b>"}},
		"smtp plain later":           {"smtp", []turn{c("AUTH PLAIN"), s("334 "), c(plain), s("535 no"), c("QUIT")}, []string{b64("\x00anna\x00xxxxxxxx"), "QUIT"}},
		"smtp login":                 {"smtp", []turn{c("AUTH LOGIN"), s("334 VXNlcm5hbWU6"), c(b64("anna")), s("334 UGFzc3dvcmQ6"), c(b64("hunter22")), s("235 ok"), c("RSET")}, []string{b64("anna"), "RSET"}},
		"smtp login, password first": {"smtp", []turn{c("AUTH LOGIN"), s("334 UGFzc3dvcmQ6"), c(b64("hunter22")), s("235 ok")}, nil},
		"smtp content": {"smtp", []turn{c("DATA"), s("354 go"), c("Subject: AUTH", "", "AUTH PLAIN is text", "."), s("250 ok"), c("AUTH PLAIN " + plain)},
			[]string{"AUTH PLAIN is text\r\n.\r\n", b64("\x00anna\x00xxxxxxxx")}},
		"smtp DATA refused":       {"smtp", []turn{c("DATA"), s("503 no"), c("AUTH PLAIN " + plain), s("235 ok")}, []string{"DATA"}},
		"smtp in the wrong place": {"smtp", []turn{c("hunter22"), s("500 what"), c("PASS hunter22"), c("AUTH hunter22"), s("504 no"), c("QUIT")}, []string{"QUIT"}},
		"smtp repeated":           {"smtp", []turn{c("AUTH PLAIN " + plain), s("235 ok"), c("DATA"), s("354 go"), c("the password is hunter22", ".")}, []string{"the password is xxxxxxxx"}},
		"smtp XOAUTH2":            {"smtp", []turn{c("AUTH XOAUTH2 " + b64("user=anna\x01auth=Bearer hunter22\x01\x01")), s("235 ok")}, []string{"AUTH XOAUTH2 " + b64("user=anna\x01")[:12]}},
		"pop3":                    {"pop3", []turn{s("+OK"), c("USER anna"), s("+OK"), c("PASS hunter22"), s("+OK"), c("RETR 1"), s("+OK", "x", ".")}, []string{"USER anna", "PASS xxxxxxxx", "RETR 1", "+OK\r\nx\r\n."}},
		"pop3 auth":               {"pop3", []turn{c("AUTH PLAIN"), s("+ "), c(plain), s("+OK"), c("STAT")}, []string{"STAT"}},
		"imap login":              {"imap", []turn{c("a LOGIN anna hunter22"), s("a OK"), c("b SELECT INBOX")}, []string{"a LOGIN anna xxxxxxxx\r\n", "b SELECT INBOX"}},
		"imap quoted":             {"imap", []turn{c(`a LOGIN "anna \" x" "hunter22 \" hunter22"`), s("a OK")}, []string{`a LOGIN "anna \" x" "x`}},
		"imap literals":           {"imap", []turn{c("a LOGIN {4}"), s("+ go"), c("anna {8}"), s("+ go"), c("hunter22"), s("a OK"), c("b NOOP")}, []string{"a LOGIN {4}\r\nanna {8}\r\nxxxxxxxx\r\nb NOOP"}},
		"imap literal refused":    {"imap", []turn{c("a APPEND x {100}"), s("a NO"), c("b LOGIN anna hunter22"), s("b OK")}, []string{"a APPEND x {100}\r\n"}},
		"imap literal+":           {"imap", []turn{c("a APPEND x {5+}", "hello", "b LOGIN anna hunter22")}, []string{"hello\r\nb LOGIN anna x"}},
		"imap authenticate":       {"imap", []turn{c("a AUTHENTICATE PLAIN"), s("+ "), c(plain), s("a OK"), c("b LOGOUT")}, []string{b64("\x00anna\x00xxxxxxxx"), "b LOGOUT"}},
		"imap compressed early":   {"imap", []turn{c("a COMPRESS DEFLATE"), s("a OK"), c("b LOGIN anna hunter22")}, []string{"b LOGIN anna x"}},
		"sieve":                   {"sieve", []turn{c(`AUTHENTICATE "PLAIN" "` + plain + `"`), s("OK"), c(`PUTSCRIPT "a" {5+}`, "keep;"), s("OK")}, []string{b64("\x00anna\x00xxxxxxxx"), "keep;"}},
		"sieve literal":           {"sieve", []turn{c(`AUTHENTICATE "PLAIN" {20+}`, plain), s("OK"), c("LOGOUT")}, []string{b64("\x00anna\x00xxxxxxxx"), "LOGOUT"}},
		"http": {"http", []turn{c("GET /a/b?token=hunter22 HTTP/1.1", "Host: h", "Authorization: Basic "+b64("anna:hunter22"), "Cookie: hunter22", ""),
			s("HTTP/1.1 200 OK", "Set-Cookie: hunter22", "Content-Length: 10", "", "hunter22"), c("POST /login HTTP/1.1", "Content-Length: 17", "", "password=hunter22"[:15])},
			[]string{"GET /a/b?", "Host: h", "Basic " + b64("anna:xxxxxxxx"), "HTTP/1.1 200 OK", "Content-Length: 10", "POST /login"}},
		"http chunks": {"http", []turn{c("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "8;x=hunter22", "hunter22", "0", "", "GET /next HTTP/1.1", "")}, []string{"\r\n8x", "GET /next"}},
		"http2":       {"http", []turn{c("PRI * HTTP/2.0", "", "SM", "", "hunter22")}, nil},
		"unknown":     {"unknown", []turn{c("USER hunter22"), s("hunter22")}, nil},
		"tls":         {"imap", []turn{{0, "\x16\x03\x01\x00\x05hello\x17\x03\x03\x00\x03abc"}, {0, "a LOGIN anna hunter22\r\n"}}, []string{"hello", "abc"}},
		"starttls":    {"smtp", []turn{c("STARTTLS"), s("220 go"), {0, "\x16\x03\x01\x00\x05hello"}, {1, "\x16\x03\x01\x00\x05hullo"}}, []string{"hello", "hullo"}},
	} {
		for _, most := range []int{1 << 16, 1, 3, 7} {
			out := kept(test.protocol, test.turns, most)
			all := out[0] + "\n" + out[1]
			for _, secret := range []string{"hunter22", b64("hunter22")[:10], plain, plain[12:]} {
				if strings.Contains(all, secret) {
					t.Errorf("%s, segments of %d: %q holds a secret", name, most, all)
				}
			}
			for _, want := range test.keeps {
				if !strings.Contains(all, want) {
					t.Errorf("%s, segments of %d: %q is not in %q", name, most, want, all)
				}
			}
		}
	}
}

// Behind a hole, of what came twice and differs, and of a direction whose beginning is
// not known nothing is kept; what comes out of order is put in order.
func TestWhatIsNotKnownIsOverwritten(t *testing.T) {
	conn := New("smtp")
	conn.Begin(0, 0)
	conn.Add(0, 6, []byte("CD\r\n"))
	conn.Add(0, 0, []byte("EHLO A"))
	conn.Add(0, 11, []byte("EHLO behind the hole\r\n"))
	conn.Add(1, 0, []byte("220 never begun\r\n"))
	conn.Finish()
	for _, p := range []struct {
		d    capture.Dir
		seq  uint32
		b, w string
	}{
		{0, 0, "EHLO A", "EHLO A"}, {0, 6, "CD\r\n", "CD\r\n"}, {0, 0, "EHLO B", "EHLO x"},
		{0, 11, "EHLO behind the hole\r\n", strings.Repeat("x", 22)}, {1, 0, "220 never begun\r\n", strings.Repeat("x", 17)}, {0, 5000, "far", "xxx"},
	} {
		b := []byte(p.b)
		if conn.Clean(p.d, p.seq, b); string(b) != p.w {
			t.Errorf("%q became %q, not %q", p.b, b, p.w)
		}
	}
}

// Whatever comes, however it is cut: nothing panics, nothing becomes longer, and what
// is kept stood there or is the mask or a name in base64.
func FuzzRedact(f *testing.F) {
	f.Add("imap", "a LOGIN {4}\r\nanna {8+}\r\nhunter22\r\n", "+ \r\na OK\r\n", byte(3))
	f.Add("smtp", "AUTH PLAIN AGFubmEAaHVudGVyMjI=\r\nDATA\r\n.\r\n", "235 ok\r\n354 go\r\n", byte(5))
	f.Add("http", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhunter22\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", byte(1))
	f.Add("sieve", "AUTHENTICATE \"PLAIN\" {24+}\r\nAGFubmEAaHVudGVyMjI=\r\n", "OK\r\n", byte(9))
	f.Fuzz(func(t *testing.T, protocol, client, server string, most byte) {
		turns := []turn{{0, client}, {1, server}, {0, client}}
		whole, cut := kept(protocol, turns, 1<<16), kept(protocol, turns, int(most)+1)
		if whole != cut {
			t.Errorf("%q as a whole, %q in pieces", whole, cut)
		}
		if len(whole[0]) != 2*len(client) || len(whole[1]) != len(server) {
			t.Error("another length")
		}
	})
}
