package mime

import (
	"testing"
	"unsafe"
)

func TestParam(t *testing.T) {
	for _, tt := range []struct{ field, want string }{
		{`attachment; filename=a.txt`, "a.txt"},
		{`attachment; FileName = "a;b\".txt" ; x=y`, `a;b".txt`},
		{`attachment; filename="C:\temp\a.txt"`, `C:\temp\a.txt`},
		{`attachment; filename=my file (1).pdf; size=3`, "my file (1).pdf"},
		{`attachment; filename=a.txt (a comment; with a semicolon)`, "a.txt"},
		{`attachment; filename=a.txt (comment)`, "a.txt"},
		{`attachment; (filename=no) filename=(x)"yes"`, "yes"},
		{`attachment; dummy="filename=wrong"; filename=right`, "right"},
		{`attachment; xfilename=wrong; filename=right; filename=late`, "right"},
		{`attachment; filename=plain; filename*=UTF-8'de'%e2%82%ac.txt`, "€.txt"},
		{`attachment; filename*=iso-8859-1''%80%E4`, "€ä"},
		{`attachment; filename*=iso-8859-15''%A4`, "€"},
		{`attachment; filename*=koi8-r''%A4`, "\xa4"},
		{`attachment; filename*=%41%4`, "A%4"},
		{`attachment; filename*2=c; filename*0*=utf-8''%c3; filename*1*=%a4`, "äc"},
		{`attachment; filename*0="a b"; filename*1=".txt"; filename*3=no`, "a b.txt"},
		{`attachment; filename*1=b; filename*2=c`, "bc"},
		{`attachment; filename*1=b; filename=plain`, "plain"},
		{`attachment; filename*99=x; filename*a=x; filename*=; filename**=x; filename*0**=x`, ""},
		{`attachment; filename="=?utf-8?Q?=C3=A4?= b"`, "ä b"},
		{`attachment; filename="unclosed; x`, "unclosed; x"},
		{`attachment; filename`, ""},
		{`;;; =x; filename=a`, "a"},
	} {
		var a part
		a.readDisposition([]byte(tt.field))
		if got := string(a.bytes(a.fileName)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.field, got, tt.want)
		}
	}
}

func TestEncodedWords(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"plain", "plain"},
		{"=?utf-8?q?a?= b =?utf-8*en?Q?c?=", "a b c"},
		{"=?utf-8?q?a?=  =?utf-8?b?Yg?=", "ab"},
		{"=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "€"},
		{"=?us-ascii?q?a b?=", "a b"},
		{"=?windows-1252?q?=80_=ZZ=?=", "€ =ZZ="},
		{"=?iso-2022-jp?b?GyRC?= =?utf-8?q?x?=", "=?iso-2022-jp?b?GyRC?= x"},
		{"=?utf-8?x?a?= =?utf-8?q?b", "=?utf-8?x?a?= =?utf-8?q?b"},
		{"a=?b =? ?= =?=?utf-8?q?c?=", "a=?b =? ?= =?c"},
		{"=?", "=?"},
		{"=?utf-8?q??=", ""},
	} {
		if got := string(appendText(nil, []byte(tt.text))); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, tt := range []struct {
		list string
		want string
	}{
		{"a@x", "a@x"},
		{"A <a@x>, b@y (B)", "a@x b@y"},
		{`"quoted, <name>" <a@x>; "local part"@x`, `a@x "local part"@x`},
		{`John "Q" Doe <a@x>`, "a@x"},
		{"undisclosed-recipients:;", ""},
		{"G: a@x, b@x; c@x", "a@x b@x c@x"},
		{"mailto:a@x", "a@x"},
		{"John Doe a@x", "a@x"},
		{"a@x John Doe", "a@x"},
		{"John Doe", ""},
		{"<a@x", "a@x"},
		{"<a@x, <b@x>", "a@x b@x"},
		{"<>, ,,", ""},
		{"a@[192.0.2.1], b@[IPv6:::1]", "a@[192.0.2.1] b@[IPv6:::1]"},
		{"< a (c) @ x >", "a@x"},
		{"ä@ö.example", "ä@ö.example"},
		{`"unclosed <a@x>`, ""},
		{"(unclosed a@x", ""},
	} {
		var p Parser
		p.Reset(Options{})
		list, n := p.addresses(nil, maxTo, []byte(tt.list))
		got := ""
		for i, s := range list {
			if i > 0 {
				got += " "
			}
			got += string(p.bytes(s))
		}
		if got != tt.want || int(n) != len(list) {
			t.Errorf("%s: %s (%d), want %s", tt.list, got, n, tt.want)
		}
	}
}

func TestParserIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Parser{}); n > 3456 {
		t.Errorf("%d octets", n)
	}
}
