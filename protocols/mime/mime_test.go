package mime

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"mailsensor/protocols"
)

// factsOf reads message in pieces of at most step octets.
func factsOf(p *Parser, message []byte, step int, hash bool) protocols.Facts {
	p.Reset(Options{Hash: hash})
	for b := message; len(b) > 0; {
		n := min(step, len(b))
		p.Write(b[:n])
		b = b[n:]
	}
	p.Finish()
	var f protocols.Facts
	p.Facts(&f, func(b []byte) []byte { return append([]byte(nil), b...) })
	return f
}

func show(f *protocols.Facts) string {
	var s strings.Builder
	fmt.Fprintf(&s, "seen=%v from=%q to=%q/%d cc=%d subject=%q id=%q date=%q agent=%q auto=%q resent=%q forwarded=%q/%v list=%q received=%q/%d truncated=%v attachments=%d",
		f.HeadersSeen, f.From, f.To, f.ToCount, f.CcCount, f.Subject, f.MessageID, f.Date, f.UserAgent, f.AutoSubmitted,
		f.ResentFrom, f.ForwardedTo, f.AutoForwarded, f.ListID, f.Received, f.ReceivedCount, f.Truncated, f.AttachmentCount)
	for _, a := range f.Attachments {
		fmt.Fprintf(&s, "\n%q %s %d lost=%v", a.Name, a.Type, a.Size, a.Lost)
		if a.Hashed {
			fmt.Fprintf(&s, " %x", a.SHA256)
		}
	}
	return s.String()
}

func lines(s string) []byte {
	return []byte(strings.ReplaceAll(strings.TrimPrefix(s, "\n"), "\n", "\r\n"))
}

const whole = 1 << 30

func TestHeader(t *testing.T) {
	f := factsOf(new(Parser), lines(`
Received: from relay.example (relay.example [192.0.2.1] by chance)
	(using TLS) by mx.example with ESMTP id 1; Mon, 1 Jan 2024 00:00:00 +0000
Received: (qmail 7 invoked by uid 0); 1 Jan 2024 00:00:00 -0000
Received: by submit.example id x; Mon, 1 Jan 2024 00:00:00 +0000
From : "Doe, John" (the <one>) <john@example.com>
To: Team: a@x.example, "B, C" <b@x.example>;,
 =?utf-8?q?Doe,_D=C3=A9?= <d@x.example>, root, e @ x . example, <@r1,@r2:f@x.example>, Nobody At All
Cc: one@x.example, "two, three" <two@x.example>
SUBJECT: =?utf-8?B?UMO8bmt0?= =?ISO-8859-1?q?lich_=E4?=
 and more
Subject: second
Message-ID: <1@example.com>
Date: Mon, 1 Jan 2024 00:00:00 +0000
X-Mailer: Mailer 1
User-Agent: other
Auto-Submitted: auto-generated
List-Id: A list <list.example>
X-Forwarded-For: me@x.example away@y.example
X-MS-Exchange-Organization-AutoForwarded: true

From: body@example.com
`), whole, false)
	const want = `seen=true from=["john@example.com"] to=["a@x.example" "b@x.example" "d@x.example" "root" "e@x.example" "f@x.example"]/6 cc=2 ` +
		`subject="Pünktlichä and more" id="1@example.com" date="Mon, 1 Jan 2024 00:00:00 +0000" agent="Mailer 1" auto="auto-generated" ` +
		`resent="" forwarded="away@y.example"/true list="list.example" received=["from relay.example by mx.example" "by submit.example"]/3 truncated=false attachments=0`
	if got := show(&f); got != strings.Replace(want, "lichä", "lich ä", 1) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestForwarding(t *testing.T) {
	for _, tt := range []struct {
		header, to string
		auto       bool
	}{
		{"Delivered-To: a@x\n", "", false},
		{"Delivered-To: a@x\nResent-From: b@y\n", "a@x", false},
		{"X-Forwarded-For: a@x b@y\nX-Forwarded-To: <c@z>\n", "c@z", false},
		{"X-Autoforward: yes\n", "", true},
		{"X-MS-Exchange-Organization-AutoForwarded: False\n", "", false},
	} {
		f := factsOf(new(Parser), lines(tt.header+"\n"), whole, false)
		if string(f.ForwardedTo) != tt.to || f.AutoForwarded != tt.auto {
			t.Errorf("%q: forwarded to %q, %v", tt.header, f.ForwardedTo, f.AutoForwarded)
		}
	}
}

// sample has most of what can happen in a multipart.
var sample = lines(`
Subject: all
Content-Type: multipart/mixed; boundary="ab"

preamble --ab
--abc
--ab  	
Content-Type: multipart/alternative; boundary=abcd

--abcd
Content-Type: text/plain

-
--abcd-- no
text
--abcd
Content-Type: text/html; name="page.html"
Content-Transfer-Encoding: quoted-printable

a=3D=
b =20 	
c=3 =zz= x 

--abcd--
epilogue
--ab
Content-Type: APPLICATION/pdf
Content-Disposition: attachment; dummy="filename=wrong"; filename*1="ame.pdf"; filename*0="n"
Content-Transfer-Encoding: BASE64 (really)

aGVs bG8*
=3D
--abx
ZZZZ
--ab
Content-Type: message/rfc822; name=inner

Subject: inner
Content-Type: multipart/mixed; boundary=inner

--inner
Content-Disposition: attachment; filename=no

--inner--
--ab
Content-Disposition: attachment
--ab
Content-Type: x; name="=?utf-8?q?=C3=A4?="; name=other

1
2

--ab--
--ab
Content-Disposition: attachment; filename=late

`)

func TestAttachments(t *testing.T) {
	want := []struct {
		name, mediaType, content string
	}{
		{"page.html", "text/html", "a=b  \r\nc=3 =zz= x\r\n"},
		{"name.pdf", "application/pdf", "hello"},
		{"inner", "message/rfc822", "Subject: inner\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\nContent-Disposition: attachment; filename=no\r\n\r\n--inner--"},
		{"", "text/plain", ""},
		{"ä", "text/plain", "1\r\n2\r\n"},
	}
	f := factsOf(new(Parser), sample, whole, true)
	if int(f.AttachmentCount) != len(want) || len(f.Attachments) != len(want) || f.Truncated {
		t.Fatal(show(&f))
	}
	for i, a := range f.Attachments {
		w := want[i]
		if string(a.Name) != w.name || string(a.Type) != w.mediaType || a.Size != uint64(len(w.content)) {
			t.Errorf("%d: %q %s %d, want %q %s %d", i, a.Name, a.Type, a.Size, w.name, w.mediaType, len(w.content))
		}
		if !a.Hashed || a.SHA256 != sha256.Sum256([]byte(w.content)) {
			t.Errorf("%d: another hash", i)
		}
	}
}

func TestSingleAttachment(t *testing.T) {
	for _, tt := range []struct{ body, content string }{
		{"Content-Transfer-Encoding: base64\n\nQUJD\nRA==\nQUJD", "ABCD"},
		{"Content-Transfer-Encoding: base64\n\n=Q=U\nJ D-RA", "ABCD"},
		{"Content-Transfer-Encoding: base64\n\nQUJDR", "ABC"},
		{"Content-Transfer-Encoding: quoted-printable\n\na \nb=\n c= \t\nd=4", "a\r\nb cd=4"},
		{"Content-Transfer-Encoding: 8bit\n\na\n\nb\n", "a\r\n\r\nb\r\n"},
		{"\n", ""},
		{"", ""},
	} {
		for _, step := range []int{1, 2, 3, whole} {
			f := factsOf(new(Parser), lines("Content-Disposition: attachment\n"+tt.body), step, true)
			if len(f.Attachments) != 1 {
				t.Fatalf("%q: %s", tt.body, show(&f))
			}
			if a := f.Attachments[0]; a.Size != uint64(len(tt.content)) || a.SHA256 != sha256.Sum256([]byte(tt.content)) {
				t.Errorf("%q by %d: %d octets, want %q", tt.body, step, a.Size, tt.content)
			}
		}
	}
}

func TestLineFeedsOnly(t *testing.T) {
	var p Parser
	f := factsOf(&p, bytes.ReplaceAll(sample, crByte, nil), whole, false)
	sizes := []uint64{17, 5, 125, 0, 4}
	for i, a := range f.Attachments {
		if a.Size != sizes[i] {
			t.Errorf("%d: %d octets, want %d", i, a.Size, sizes[i])
		}
	}
	if len(f.Attachments) != len(sizes) {
		t.Error(show(&f))
	}
}

func TestEveryCut(t *testing.T) {
	var p Parser
	for _, hash := range []bool{false, true} {
		f := factsOf(&p, sample, whole, hash)
		want := show(&f)
		for step := 1; step < 100; step++ {
			if f = factsOf(&p, sample, step, hash); show(&f) != want {
				t.Fatalf("in steps of %d:\n%s\nwant\n%s", step, show(&f), want)
			}
		}
		for cut := range sample {
			p.Reset(Options{Hash: hash})
			p.Write(sample[:cut])
			p.Write(sample[cut:])
			p.Finish()
			p.Facts(&f, bytes.Clone)
			if show(&f) != want {
				t.Fatalf("cut at %d:\n%s\nwant\n%s", cut, show(&f), want)
			}
		}
	}
}

func TestGapAnywhere(t *testing.T) {
	var p Parser
	whole := factsOf(&p, sample, whole, true)
	size := map[string]uint64{}
	for _, a := range whole.Attachments {
		size[string(a.Name)+string(a.Type)] = a.Size
	}
	for cut := range sample {
		for _, n := range []int{1, 60} {
			p.Reset(Options{Hash: true})
			p.Write(sample[:cut])
			p.Gap(uint64(n))
			p.Write(sample[min(cut+n, len(sample)):])
			p.Finish()
			var f protocols.Facts
			p.Facts(&f, bytes.Clone)
			if !f.Truncated || f.AttachmentCount > whole.AttachmentCount+1 {
				t.Fatalf("%d lost at %d: %s", n, cut, show(&f))
			}
			for _, a := range f.Attachments {
				if a.Lost == a.Hashed {
					t.Fatalf("%d lost at %d: lost and hashed: %s", n, cut, show(&f))
				}
				if known, ok := size[string(a.Name)+string(a.Type)]; ok && a.Size > known && a.Lost {
					t.Fatalf("%d lost at %d: size above the true one: %s", n, cut, show(&f))
				}
			}
		}
	}
}

func TestGapInHeader(t *testing.T) {
	var p Parser
	p.Reset(Options{})
	p.Write([]byte("Subject: kept\r\nFrom: a@ex"))
	p.Gap(7)
	p.Write([]byte("To: b@example.com\r\n\r\n"))
	p.Finish()
	var f protocols.Facts
	p.Facts(&f, bytes.Clone)
	if string(f.Subject) != "kept" || f.From != nil || f.To != nil || !f.Truncated {
		t.Error(show(&f))
	}
}
