package webmail

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// told collects what a scanner tells, one line each.
func told(write func(visitor) func([]byte), b []byte, cuts ...int) string {
	var out strings.Builder
	w := write(func(what token, path, value []byte, size uint64) {
		fmt.Fprintf(&out, "%d %s %q %d\n", what, path, value, size)
	})
	at := 0
	for _, c := range append(cuts, len(b)) {
		if c >= at && c <= len(b) {
			w(b[at:c])
			at = c
		}
	}
	return out.String()
}

func jsons(v visitor) func([]byte)  { s := new(jsonScanner); s.reset(v); return s.write }
func xmls(v visitor) func([]byte)   { s := new(xmlScanner); s.reset(v); return s.write }
func wbxmls(v visitor) func([]byte) { s := new(wbxmlScanner); s.reset(v); return s.write }

// flatten is what encoding/json makes of a text, as the scanner tells values.
func flatten(v any, path string, out *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, w := range v {
			flatten(w, path+"/"+k, out)
		}
	case []any:
		for _, w := range v {
			flatten(w, path+"/[]", out)
		}
	case string:
		*out = append(*out, path+"="+v)
	}
}

func TestJSONAgainstTheLibrary(t *testing.T) {
	doc := `{"a":"x","b":[1,"y",{"c":"z\n\"\u00e9\ud83d\ude00"},[],{}],"d":{"e":{"f":"g"}},"h":null,"i":true}`
	var v any
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatal(err)
	}
	var want []string
	flatten(v, "", &want)
	got := map[string]bool{}
	s := new(jsonScanner)
	s.reset(func(what token, path, value []byte, _ uint64) {
		if what == text {
			got[string(path)+"="+string(value)] = true
		}
	})
	s.write([]byte(doc))
	for _, w := range want {
		if !got[w] {
			t.Errorf("no %q in %v", w, got)
		}
	}
}

func TestXMLAgainstTheLibrary(t *testing.T) {
	doc := `<?xml version="1.0"?><!-- a > b --><a:r xmlns:a="u" n="1&amp;2"><b>x &lt; y</b><c/><d><![CDATA[<raw>]]></d><e q='>'>z</e></a:r>`
	var want []string
	dec := xml.NewDecoder(strings.NewReader(doc))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := tok.(xml.CharData); ok && len(bytes.TrimSpace(c)) > 0 {
			want = append(want, string(bytes.TrimSpace(c)))
		}
	}
	got := told(xmls, []byte(doc))
	for _, w := range append(want, "1&2") {
		if !strings.Contains(got, fmt.Sprintf("%q", w)) {
			t.Errorf("no %q in\n%s", w, got)
		}
	}
	if !strings.Contains(got, "/r/e/@q") || strings.Count(got, "\n0 ") != 4 {
		t.Errorf("%s", got)
	}
}

// Depth, names and values are bounded.
func TestBounds(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 5000) + strings.Repeat("]}", 5000)
	if n := strings.Count(told(jsons, []byte(deep)), "\n"); n != 2*maxDepth {
		t.Errorf("%d", n)
	}
	if n := strings.Count(told(xmls, []byte(strings.Repeat("<a>", 5000)+strings.Repeat("</a>", 5000)+"<b/>")), "\n"); n != 2*maxDepth+2 {
		t.Errorf("%d", n)
	}
	long := told(jsons, []byte(`{"`+strings.Repeat("k", 5000)+`":"`+strings.Repeat("v", 5000)+`"}`))
	if len(long) > 3*maxValue || !strings.Contains(long, " 5000\n") {
		t.Errorf("%d octets", len(long))
	}
}

// fuzz checks that what is told does not depend on how the text is cut.
func fuzz(f *testing.F, scanner func(visitor) func([]byte), seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s), 3, 9)
	}
	f.Fuzz(func(t *testing.T, b []byte, i, j int) {
		if len(b) > 4096 || i < 0 || j < i {
			return
		}
		want := told(scanner, b)
		if got := told(scanner, b, i, j); got != want {
			t.Fatalf("cut at %d and %d:\n%s\nwant\n%s", i, j, got, want)
		}
		single := make([]int, len(b))
		for k := range single {
			single[k] = k
		}
		if got := told(scanner, b, single...); got != want {
			t.Fatalf("one octet at a time:\n%s\nwant\n%s", got, want)
		}
	})
}

func FuzzJSON(f *testing.F) {
	fuzz(f, jsons, `{"a":"x\n\u00e9","b":[1,"y",{"c":"z"}]}`, `noise {"a":1} noise [true,false]`)
}

func FuzzXML(f *testing.F) {
	fuzz(f, xmls, `<?xml version="1.0"?><a:r n="1"><!-- x --><b>x &lt; y</b><c/><d><![CDATA[<raw>]]></d></a:r>`)
}

func FuzzWBXML(f *testing.F) {
	fuzz(f, wbxmls, "\x03\x01\x6a\x00\x00\x14\x45\x4d\x031\x00\x01\x4e\x46\x00\x11\x4a\x4b\xc3\x06SECRET\x01\x01\x01\x01\x01")
}
