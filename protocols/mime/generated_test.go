package mime

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	stdmime "mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
)

// expected is an attachment as the standard library reads it.
type expected struct {
	name, mediaType string
	size            int
	sum             [sha256.Size]byte
}

// message writes a part with its header; a multipart with parts of its own as
// long as depth allows.
func message(r *rand.Rand, s *strings.Builder, depth int) {
	if depth > 0 && r.IntN(2) == 0 {
		boundary := "b" + strings.Repeat("=", r.IntN(3)) + fmt.Sprint(depth)
		fmt.Fprintf(s, "Content-Type: multipart/mixed;\r\n\tboundary=%q\r\n\r\n", boundary)
		for range r.IntN(4) + 1 {
			fmt.Fprintf(s, "\r\n--%s%s\r\n", boundary, strings.Repeat(" ", r.IntN(3)))
			message(r, s, depth-1)
		}
		fmt.Fprintf(s, "\r\n--%s--\r\n%s", boundary, strings.Repeat("epilogue\r\n", r.IntN(2)))
		return
	}
	if r.IntN(4) > 0 {
		name := []string{"a.txt", "größe.pdf", "with space \"quoted\".bin", strings.Repeat("long", 20)}[r.IntN(4)]
		disposition := stdmime.FormatMediaType("attachment", map[string]string{"filename": name})
		fmt.Fprintf(s, "Content-Disposition: %s\r\n", strings.ReplaceAll(disposition, "; ", ";\r\n "))
	}
	fmt.Fprintf(s, "Content-Type: %s\r\n", []string{"text/plain; charset=utf-8", "application/PDF", "image/png"}[r.IntN(3)])
	data := make([]byte, r.IntN(3000))
	for i := range data {
		data[i] = " \t\r\n-=ab\xc3"[r.IntN(9)]
	}
	switch r.IntN(3) {
	case 0:
		s.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
		code := base64.StdEncoding.EncodeToString(data)
		for len(code) > 76 {
			s.WriteString(code[:76] + "\r\n")
			code = code[76:]
		}
		s.WriteString(code)
	case 1:
		s.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
		w := quotedprintable.NewWriter(s)
		w.Write(data)
		w.Close()
	default:
		s.WriteString("\r\n")
		s.Write(bytes.ReplaceAll(data, []byte("--"), nil))
	}
}

// read walks a part with the standard library.
func read(t *testing.T, get func(string) string, body io.Reader) (list []expected) {
	mediaType, params, err := stdmime.ParseMediaType(get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		for m := multipart.NewReader(body, params["boundary"]); ; {
			part, err := m.NextRawPart()
			if errors.Is(err, io.EOF) {
				return list
			} else if err != nil {
				t.Fatal(err)
			}
			list = append(list, read(t, part.Header.Get, part)...)
		}
	}
	disposition, params, _ := stdmime.ParseMediaType(get("Content-Disposition"))
	if disposition != "attachment" {
		return nil
	}
	switch get("Content-Transfer-Encoding") {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return []expected{{params["filename"], mediaType, len(data), sha256.Sum256(data)}}
}

func TestAgainstStandardLibrary(t *testing.T) {
	var p Parser
	found := 0
	for seed := range uint64(800) {
		r := rand.New(rand.NewPCG(seed, 1))
		var s strings.Builder
		subject := []string{"Grüße aus Köln", "plain", strings.Repeat("€", 60)}[r.IntN(3)]
		from := mail.Address{Name: "Jörg, \"the\" <x>", Address: "j@example.com"}
		enc := []stdmime.WordEncoder{stdmime.QEncoding, stdmime.BEncoding}[r.IntN(2)]
		fmt.Fprintf(&s, "Subject: %s\r\nFrom: %s\r\n", strings.ReplaceAll(enc.Encode("utf-8", subject), "?= ", "?=\r\n "), &from)
		message(r, &s, 3)
		m, err := mail.ReadMessage(strings.NewReader(s.String()))
		if err != nil {
			t.Fatal(err)
		}
		want := read(t, m.Header.Get, m.Body)
		f := factsOf(&p, []byte(s.String()), r.IntN(1500)+1, seed%2 == 0)
		if string(f.Subject) != subject || len(f.From) != 1 || string(f.From[0]) != from.Address {
			t.Fatalf("seed %d: subject %q from %q", seed, f.Subject, f.From)
		}
		if int(f.AttachmentCount) != len(want) {
			t.Fatalf("seed %d: %d attachments, want %d", seed, f.AttachmentCount, len(want))
		}
		for i, a := range f.Attachments {
			found++
			w := want[i]
			if string(a.Name) != w.name || string(a.Type) != w.mediaType || a.Size != uint64(w.size) || a.Hashed && a.SHA256 != w.sum {
				t.Fatalf("seed %d, %d: %q %s %d, want %q %s %d\n%q", seed, i, a.Name, a.Type, a.Size, w.name, w.mediaType, w.size, s.String())
			}
		}
	}
	if found < 800 {
		t.Errorf("only %d attachments compared", found)
	}
}
