package scan

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"testing"
)

// diary writes down what a reader tells, one line each, and what it takes of values.
type diary struct {
	strings.Builder
	take bool
}

func (d *diary) Visit(what Token, path, value []byte, size uint64) Taker {
	fmt.Fprintf(d, "%d %s %q %d\n", what, path, value, size)
	if d.take && what <= Begin {
		return d
	}
	return nil
}

func (d *diary) Take(b []byte) {
	if d.take { // octet by octet, so that cuts do not show
		for _, c := range b {
			fmt.Fprintf(d, "take %q\n", c)
		}
	}
}

func (d *diary) Line(b []byte, first bool) bool {
	fmt.Fprintf(d, "line %q %v\n", b, first)
	return len(b) == 0
}

func (d *diary) Content(b []byte) { d.take = true; d.Take(b) }
func (d *diary) PartEnd()         { d.WriteString("end\n") }

// reader makes one of the readers of this package.
type reader func(*diary) (write func([]byte), end func())

func none() {}

func jsons(d *diary) (func([]byte), func()) { s := new(JSON); s.Reset(d); return s.Write, none }
func xmls(d *diary) (func([]byte), func())  { s := new(XML); s.Reset(d, nil); return s.Write, none }
func spaced(d *diary) (func([]byte), func()) {
	s := new(XML)
	s.Reset(d, []string{"urn:known"})
	return s.Write, none
}
func wbxmls(d *diary) (func([]byte), func()) { s := new(WBXML); s.Reset(d); return s.Write, none }
func partss(d *diary) (func([]byte), func()) {
	s := new(Parts)
	s.Reset(d, []byte("multipart/mixed; boundary=b"))
	return s.Write, s.End
}
func base64s(d *diary) (func([]byte), func()) {
	s := new(Base64)
	d.take = true
	s.Reset(d)
	return s.Take, s.End
}

// told is what a reader tells of b, cut as given.
func told(r reader, take bool, b []byte, cuts ...int) string {
	d := &diary{take: take}
	write, end := r(d)
	at := 0
	for _, c := range append(slices.Clone(cuts), len(b)) {
		if c >= at && c <= len(b) {
			write(b[at:c])
			at = c
		}
	}
	end()
	return d.String()
}

// values are the strings of a JSON value, in its order, with their paths.
func values(dec *json.Decoder, path string, out *[]string) {
	tok, err := dec.Token()
	if err != nil {
		return
	}
	switch v := tok.(type) {
	case json.Delim:
		for dec.More() {
			if v == '[' {
				values(dec, path+"/[]", out)
				continue
			}
			k, err := dec.Token()
			if err != nil {
				return
			}
			values(dec, path+"/"+strings.ReplaceAll(k.(string), "/", "|"), out)
		}
		dec.Token()
	case nil:
		*out = append(*out, path+" null")
	default:
		*out = append(*out, fmt.Sprintf("%s %v", path, v))
	}
}

// list tells only values.
type list []string

func (l *list) Visit(what Token, path, value []byte, _ uint64) Taker {
	switch what {
	case Text:
		*l = append(*l, fmt.Sprintf("%s %s", path, value))
	case Null:
		*l = append(*l, string(path)+" null")
	}
	return nil
}

func TestJSONAgainstTheLibrary(t *testing.T) {
	for _, doc := range []string{
		`{"a":"x","b":[1,"y",{"c":"z\n\"\u00e9\ud83d\ude00"},[],{}],"d":{"e":{"f":"g"}},"h":null,"i":true,"j/k":-1.5e3}`,
		`[["Email/get",{"#ids":{"path":"/ids/*"}},"0"],["x",{},"1"]]`,
		` [ "" , { "" : "" } , [ [ [ null ] ] ] , false ] `,
	} {
		var want []string
		dec := json.NewDecoder(strings.NewReader(doc))
		dec.UseNumber()
		values(dec, "", &want)
		var got list
		s := new(JSON)
		s.Reset(&got)
		s.Write([]byte(doc))
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", doc, got, want)
		}
	}
}

// A comma in a string or a bracket between texts confuses nobody.
func TestJSONBetweenTexts(t *testing.T) {
	var got list
	s := new(JSON)
	s.Reset(&got)
	s.Write([]byte("noise \"a\": 1, {\"a\":\"},{\"} more {\"b\":[1]}"))
	if want := []string{"/a },{", "/b/[] 1"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestXMLAgainstTheLibrary(t *testing.T) {
	doc := `<?xml version="1.0"?><!-- a > b --><a:r xmlns:a="u" n="1&amp;2"><b>x &lt; y &#65;&#x42;</b><c/><d><![CDATA[<raw>]]]></d><e q='>'>z &unknown; w</e></a:r>`
	var want []string
	dec := xml.NewDecoder(strings.NewReader(doc))
	dec.Strict = false
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
	got := told(xmls, false, []byte(doc))
	for _, w := range append(want, "1&2") {
		if !strings.Contains(got, fmt.Sprintf("%q", w)) {
			t.Errorf("no %q in\n%s", w, got)
		}
	}
	if !strings.Contains(got, "/r/e/@q") || strings.Count(got, "\n0 ") != 4 || len(want) != 3 {
		t.Errorf("%s %q", got, want)
	}
}

// A prefix means what it was bound to, where it was bound.
func TestNamespaces(t *testing.T) {
	doc := `<p:a xmlns:p="urn:known" xmlns:q="urn:other"><q:b/><p:b xmlns:p="urn:other"><p:c/></p:b><p:d/><e xmlns="urn:other"/><f/></p:a>`
	got := told(spaced, false, []byte(doc))
	var names []string
	for l := range strings.Lines(got) {
		if l[0] == '0' {
			names = append(names, strings.Fields(l)[1])
		}
	}
	if want := []string{"/a", "/a/~b", "/a/~b", "/a/~b/~c", "/a/d", "/a/~e", "/a/f"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
}

func TestPartsBoundary(t *testing.T) {
	for _, c := range []struct {
		contentType string
		ok          bool
	}{
		{`multipart/mixed; boundary=b`, true},
		{`multipart/mixed; Boundary="b"; x=y`, true},
		{"multipart/)\x82\xe6\xfd\x80nmixed; boundary=\"b\"", true}, // no UTF-8
		{`multipart/mixed; boundary=`, false},
		{`multipart/mixed; boundary`, false},
		{``, false},
	} {
		var s Parts
		if ok := s.Reset(nil, []byte(c.contentType)); ok != c.ok || ok && string(s.boundary) != "--b" {
			t.Errorf("%q: %v, %q", c.contentType, ok, s.boundary)
		}
	}
}

func TestPartsAgainstTheLibrary(t *testing.T) {
	doc := "pre\r\n--b\r\nContent-Type: a\r\n\r\none\r\n\r\ntwo\r\n--b  \r\n\r\n--bc\r\n-\r\n\r\n--b\r\nX: y\r\n\r\nlast\r\n--b--\r\nafter --b\r\n"
	r := multipart.NewReader(strings.NewReader(doc), "b")
	var want strings.Builder
	for {
		p, err := r.NextRawPart()
		if err != nil {
			break
		}
		b, _ := io.ReadAll(p)
		for _, c := range b {
			fmt.Fprintf(&want, "take %q\n", c)
		}
		want.WriteString("end\n")
	}
	var got strings.Builder
	for l := range strings.Lines(told(partss, false, []byte(doc))) {
		if !strings.HasPrefix(l, "line") {
			got.WriteString(l)
		}
	}
	if strings.Count(want.String(), "end\n") < 2 || got.String() != want.String() {
		t.Errorf("got\n%swant\n%s", &got, &want)
	}
}

func TestBoundary(t *testing.T) {
	for in, want := range map[string]string{
		`multipart/mixed; boundary=b`: "--b", `multipart/mixed; BOUNDARY="a b"; x=y`: "--a b",
		`multipart/mixed;boundary=b;x=y`: "--b", `multipart/mixed`: "", `multipart/mixed; boundary=""`: "",
	} {
		s := new(Parts)
		if ok := s.Reset(nil, []byte(in)); ok != (want != "") || ok && string(s.boundary) != want {
			t.Errorf("%s: %q %v", in, s.boundary, ok)
		}
	}
	if _, p, err := mime.ParseMediaType(`multipart/mixed; BOUNDARY="a b"; x=y`); err != nil || p["boundary"] != "a b" {
		t.Error(p, err)
	}
}

type buffer struct{ bytes.Buffer }

func (b *buffer) Take(p []byte) { b.Write(p) }

func TestBase64AgainstTheLibrary(t *testing.T) {
	text := strings.Repeat("any octets \x00\xff\xfe?>", 100)
	for n := range 40 {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
			var got buffer
			d := new(Base64)
			d.Reset(&got)
			in := enc.EncodeToString([]byte(text[:n*30+n%3]))
			d.Take([]byte(in[:n/2]))
			d.Take([]byte("\r\n"))
			d.Take([]byte(in[n/2:]))
			d.End()
			if got.String() != text[:n*30+n%3] || d.Size != uint64(got.Len()) {
				t.Fatalf("%d: %q", n, got.String())
			}
		}
	}
}

// Depth, names and values are bounded.
func TestBounds(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 5000) + strings.Repeat("]}", 5000) + `{"b":1}`
	if n := strings.Count(told(jsons, false, []byte(deep)), "\n"); n != 2*maxDepth+3 {
		t.Errorf("%d", n)
	}
	for _, r := range []reader{xmls, spaced} {
		if n := strings.Count(told(r, false, []byte(strings.Repeat("<a>", 5000)+strings.Repeat("</a>", 5000)+"<b/>")), "\n"); n != 2*maxDepth+2 {
			t.Errorf("%d", n)
		}
	}
	if n := strings.Count(told(wbxmls, false, []byte("\x03\x01\x6a\x00"+strings.Repeat("\x45", 5000)+strings.Repeat("\x01", 5000)+"\x06")), "\n"); n != 2*maxDepth+2 {
		t.Errorf("%d", n)
	}
	long := told(jsons, false, []byte(`{"`+strings.Repeat("k", 5000)+`":"`+strings.Repeat("v", 5000)+`"}`))
	if len(long) > 2*maxValue || !strings.Contains(long, " 5000\n") {
		t.Errorf("%d octets", len(long))
	}
	wide := told(xmls, false, []byte(strings.Repeat("<"+strings.Repeat("n", 60)+">", 60)))
	for l := range strings.Lines(wide) {
		if len(l) > maxPath+maxDepth+24 {
			t.Errorf("a path of %d octets", len(l))
		}
	}
}

type nobody struct{}

func (nobody) Visit(Token, []byte, []byte, uint64) Taker { return nil }
func (nobody) Line(b []byte, _ bool) bool                { return len(b) == 0 }
func (nobody) Content([]byte)                            {}
func (nobody) PartEnd()                                  {}

// Once a reader is warm it allocates nothing.
func TestAllocations(t *testing.T) {
	j, x, w, p := new(JSON), new(XML), new(WBXML), new(Parts)
	jsonText, xmlText := []byte(`{"a":["x\u00e9",{"b":null}],"c":1}`), []byte(`<a b="c"><d>x &amp; y</d><![CDATA[z]]></a>`)
	wbxmlText, partsText := []byte("\x03\x01\x6a\x00\x45\x5c\x4f\x031\x00\x01\x01\x01"), []byte("--b\r\nA: b\r\n\r\nx\r\n")
	p.Reset(nobody{}, []byte("multipart/mixed; boundary=b"))
	for name, f := range map[string]func(){
		"json":  func() { j.Reset(nobody{}); j.Write(jsonText) },
		"xml":   func() { x.Reset(nobody{}, nil); x.Write(xmlText) },
		"wbxml": func() { w.Reset(nobody{}); w.Write(wbxmlText) },
		"parts": func() { p.Write(partsText) },
	} {
		if n := testing.AllocsPerRun(50, f); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// fuzz checks that what is told does not depend on how the text is cut.
func fuzz(f *testing.F, r reader, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s), 3, 9)
	}
	f.Fuzz(func(t *testing.T, b []byte, i, j int) {
		if len(b) > 4096 || i < 0 || j < i {
			return
		}
		want := told(r, true, b)
		if got := told(r, true, b, i, j); got != want {
			t.Fatalf("cut at %d and %d:\n%s\nwant\n%s", i, j, got, want)
		}
		single := make([]int, len(b))
		for k := range single {
			single[k] = k
		}
		if got := told(r, true, b, single...); got != want {
			t.Fatalf("one octet at a time:\n%s\nwant\n%s", got, want)
		}
	})
}

func FuzzJSON(f *testing.F) {
	fuzz(f, jsons, `{"a":"x\n\u00e9","b":[1,"y",{"c":"z"}]}`, `noise {"a":1} noise [true,false]`)
}

func FuzzXML(f *testing.F) {
	fuzz(f, spaced, `<?xml version="1.0"?><a:r n="1" xmlns:a="urn:known"><!-- x --><b xmlns="u">x &lt; y</b><c/><d><![CDATA[<raw>]]></d></a:r>`)
}

func FuzzWBXML(f *testing.F) {
	fuzz(f, wbxmls, "\x03\x01\x6a\x00\x00\x14\x45\x4d\x031\x00\x01\x4e\x46\x00\x11\x4a\x4b\xc3\x06SECRET\x01\x01\x01\x01\x01")
}

func FuzzParts(f *testing.F) {
	fuzz(f, partss, "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n--b--\r\n", "--b\n\n\r\r\n\n--b\r\n")
}

func FuzzBase64(f *testing.F) {
	fuzz(f, base64s, "U0VD\r\nUkVU", "__-_==AA")
}
