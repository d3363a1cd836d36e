package sink

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// probes are an event of each type, and more where members differ, and an alert of
// each finding, of the samples in pcaps. -update takes them anew from what is known of
// those; other changes of that leave them alone.
func probes(t *testing.T) (list []record) {
	t.Helper()
	const file = "testdata/lines.txt"
	if *update {
		var b bytes.Buffer
		for _, r := range ofSamples(t) {
			fmt.Fprintf(&b, "%c %s\n", r.kind, r.line)
		}
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		list = append(list, record{line[0], bytes.TrimSpace(line[2:])})
	}
	return list
}

func ofSamples(t *testing.T) (list []record) {
	t.Helper()
	seen := map[string]bool{}
	keep := func(kind byte, key string, line []byte) {
		if !seen[key] {
			seen[key] = true
			list = append(list, record{kind, bytes.Clone(line)})
		}
	}
	events, _ := filepath.Glob("../../../pcaps/*/*.events.jsonl")
	for _, file := range events {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			line = bytes.TrimSpace(line)
			l := parse(record{kindEvent, line})
			key := l.Type + l.Outcome + l.API + fmt.Sprint(len(l.Facts.Attachments) > 0, l.Removed, l.Listed, len(l.Certificates) > 0, strings.Contains(l.Client.Address, ":"))
			if l.Type == "anomaly" {
				key = l.Type
			}
			keep(kindEvent, key, line)
		}
	}
	summaries, _ := filepath.Glob("../../../pcaps/*/*.summary.json")
	for _, file := range summaries {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Alerts []json.RawMessage }
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatal(err)
		}
		for _, a := range doc.Alerts {
			var line bytes.Buffer
			json.Compact(&line, a)
			l := parse(record{kindAlert, line.Bytes()})
			keep(kindAlert, l.Detector+l.What, line.Bytes())
		}
	}
	if len(list) < 25 {
		t.Fatalf("%d probes", len(list))
	}
	return list
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s differs in line %d:\n got %s\nwant %s", name, i+1, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		t.Fatalf("%s has %d lines, want %d", name, len(g), len(w))
	}
}

var probeOptions = Options{Sensor: "probe", Version: "1.0"}

func TestECSGolden(t *testing.T) {
	var b bytes.Buffer
	for _, r := range probes(t) {
		d := common(parse(r), probeOptions)
		var v any
		if err := json.Unmarshal(d.appendJSON(nil), &v); err != nil {
			t.Fatal(err)
		}
		delete(d, "mailsensor.event") // it is the line
		delete(d, "mailsensor.alert")
		for _, f := range []string{"ecs.version", "event.module", "observer.name", "observer.product", "observer.type", "observer.version"} {
			if d[f] == nil {
				t.Errorf("no %s in %v", f, d)
			}
			delete(d, f)
		}
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	golden(t, "ecs.jsonl", b.Bytes())
}

// docs/sinks.md names every field that is set, and no other.
func TestECSFieldsAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../../../docs/sinks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(b), "| ECS field |")
	documented := []string{}
	for line := range strings.Lines(section) {
		cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !ok {
			continue
		}
		for _, m := range regexp.MustCompile("`([a-z0-9_.@]+)`").FindAllStringSubmatch(cell, -1) {
			documented = append(documented, m[1])
		}
	}
	set := map[string]bool{}
	for _, r := range append(probes(t), everything...) {
		for f, v := range common(parse(r), probeOptions) {
			set[f] = true
			if list, ok := v.([]ecs); ok {
				for _, a := range list {
					for name := range a["file"].(ecs) {
						if name == "hash" {
							name = "hash.sha256"
						}
						set[f+".file."+name] = true
					}
				}
			}
		}
	}
	delete(set, "email.attachments")
	for f := range set {
		if !slices.Contains(documented, f) {
			t.Errorf("%s is not documented", f)
		}
	}
	for _, f := range documented {
		if !set[f] && !strings.HasPrefix(f, "data_stream.") && f != "event.dataset" {
			t.Errorf("%s is documented, and not set", f)
		}
	}
}

// everything are lines with members that no sample has.
var everything = []record{
	{kindEvent, []byte(`{"type":"login","domain":"CORP","workstation":"PC1","user":"ann","user_agent":"x","host":"2001:db8::1"}`)},
	{kindEvent, []byte(`{"type":"mail_operation","api":"file","name":"a.pst"}`)},
	{kindEvent, []byte(`{"type":"message","facts":{"user_agent":"Outlook"}}`)},
	{kindAlert, []byte(`{"detector":"x","related":[{"kind":"domain","name":"evil.example"}]}`)},
	{kindEvent, []byte(`{"type":"tls","version":"TLS 1.2","alpn":"imap","certificates":[{"subject":"a","issuer":"b","names":["a"],"sha256":"ab"}]}`)},
}

func TestCEFGolden(t *testing.T) {
	var b bytes.Buffer
	for _, r := range probes(t) {
		b.Write(append(appendCEF(nil, parse(r), probeOptions), '\n'))
	}
	golden(t, "cef.txt", b.Bytes())
}

// parseCEF reads CEF as a receiver does, and is strict about it.
func parseCEF(s string) (header []string, values map[string]string, err error) {
	s, ok := strings.CutPrefix(s, "CEF:0|")
	if !ok || strings.ContainsAny(s, "\n\r") || !utf8.ValidString(s) {
		return nil, nil, fmt.Errorf("no line of CEF: %q", s)
	}
	var field strings.Builder
	for len(header) < 6 {
		if s == "" {
			return nil, nil, fmt.Errorf("header of %d fields", len(header))
		}
		switch {
		case s[0] == '\\' && len(s) > 1 && (s[1] == '\\' || s[1] == '|'):
			field.WriteByte(s[1])
			s = s[1:]
		case s[0] == '\\':
			return nil, nil, fmt.Errorf("a lone backslash in the header")
		case s[0] == '|':
			header = append(header, field.String())
			field.Reset()
		default:
			field.WriteByte(s[0])
		}
		s = s[1:]
	}
	values = map[string]string{}
	keys := regexp.MustCompile(`(?:^| )([A-Za-z0-9]+)=`).FindAllStringSubmatchIndex(s, -1) // = within values is escaped
	if s != "" && (len(keys) == 0 || keys[0][0] != 0) {
		return nil, nil, fmt.Errorf("no key at the beginning of %q", s)
	}
	for i, k := range keys {
		end := len(s)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		value := s[k[1]:end]
		if regexp.MustCompile(`(^|[^\\])(\\\\)*(=|\\([^\\=nr]|$))`).MatchString(value) {
			return nil, nil, fmt.Errorf("%q is not escaped", value)
		}
		key := s[k[2]:k[3]]
		if _, twice := values[key]; twice {
			return nil, nil, fmt.Errorf("%s comes twice", key)
		}
		values[key] = strings.NewReplacer(`\\`, `\`, `\=`, `=`, `\n`, "\n", `\r`, "\r").Replace(value)
	}
	return header, values, nil
}

// Whatever was on the wire, it comes out of CEF as it went in, and makes no fields of
// its own.
func FuzzCEF(f *testing.F) {
	for _, s := range []string{"a|b\\c", "x=y src=1.2.3.4 \\=", "line\nsrc=9.9.9.9\r", "\\", "=", " dst=8.8.8.8", "é\xff|", "a\\", "|CEF:0|"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, user, detail string) {
		text, err := json.Marshal(map[string]any{"type": "anomaly", "kind": user, "account": user, "detail": detail, "client": end{"192.0.2.1", 5}})
		if err != nil {
			t.Fatal(err)
		}
		got := string(appendCEF(nil, parse(record{kindEvent, text}), probeOptions))
		header, values, err := parseCEF(got)
		if err != nil {
			t.Fatalf("%v: %q", err, got)
		}
		clean := func(s string, most int, line bool) string {
			s = cut(strings.ToValidUTF8(s, "\ufffd"), most)
			return strings.Map(func(r rune) rune {
				if r == 0x7f || r < ' ' && (!line || r != '\n' && r != '\r') {
					return ' '
				}
				return r
			}, s)
		}
		want := clean("anomaly:"+string([]rune(user)), 512, false)
		if len(header) != 6 || header[3] != want || header[5] != "3" {
			t.Errorf("%q, want %q", header, want)
		}
		if user != "" && values["suser"] != clean(string([]rune(user)), 1023, true) || detail != "" && values["msg"] != clean(string([]rune(detail)), 1023, true) ||
			values["src"] != "192.0.2.1" || values["dst"] != "" || values["spt"] != "5" {
			t.Errorf("%q", values)
		}
	})
}

// Lines that are none make documents all the same.
func FuzzFormats(f *testing.F) {
	f.Add(true, []byte(`{"type":"login","client":{"address":"::1%eth0","port":1},"flows":[{"client":"x"}],"techniques":["T1."]}`))
	f.Add(false, []byte(`{"to_server":5,"cipher":"0x1301","version":"TLS","facts":{"date":"Mon, 1 Jan 0001 00:00:00 +0000"}}`))
	f.Fuzz(func(t *testing.T, alert bool, b []byte) {
		if bytes.ContainsAny(b, "\n") {
			return
		}
		r := record{kindEvent, b}
		if alert {
			r.kind = kindAlert
		}
		if doc := common(parse(r), probeOptions).appendJSON(nil); !json.Valid(doc) {
			t.Errorf("%q", doc)
		}
		if line := string(appendCEF(nil, parse(r), probeOptions)); strings.ContainsAny(line, "\n\r") {
			t.Errorf("%q", line)
		} else if _, _, err := parseCEF(line); err != nil {
			t.Errorf("%v: %q", err, line)
		}
		o := &syslog{config: SyslogConfig{Facility: 1, Format: "cef"}, opt: probeOptions}
		if m := o.message(nil, r); !message5424.Match(m) {
			t.Errorf("%q", m)
		}
	})
}
