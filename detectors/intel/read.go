package intel

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// maxFile bounds a file.
const maxFile = 1 << 30

// Load reads files of indicators, each in one of these forms, told by what is in it:
// a STIX 2.1 bundle, a MISP event or a list of them (JSON), CSV with a header that
// names a column of values, or one indicator a line, with # for comments. An error
// names the file.
func Load(paths ...string) (*Lists, error) {
	l := new(Lists)
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("intel: %w", err)
		}
		b, err := io.ReadAll(io.LimitReader(f, maxFile))
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("intel: %w", err)
		}
		if err := l.read(filepath.Base(path), b); err != nil {
			return nil, fmt.Errorf("intel: %s: %w", path, err)
		}
	}
	return l, nil
}

func (l *Lists) read(name string, b []byte) error {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	before := l.n
	var err error
	switch trimmed := bytes.TrimSpace(b); {
	case len(trimmed) == 0:
		return nil
	case trimmed[0] == '{' || trimmed[0] == '[':
		err = l.json(name, trimmed)
	case hasHeader(trimmed):
		err = l.csv(name, trimmed)
	default:
		err = l.plain(name, trimmed)
	}
	if err == nil && l.n == before && l.Dropped == 0 {
		err = errors.New("no indicator in it that is understood")
	}
	return err
}

func (l *Lists) plain(name string, b []byte) error {
	n := 0
	for line := range bytes.Lines(b) {
		n++
		text, note, _ := strings.Cut(string(line), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if !l.guess(Indicator{Value: text, List: name, Note: strings.TrimSpace(note)}) {
			return fmt.Errorf("line %d: %q is no address, domain, mail address, URL, SHA-256, JA3 or JA4", n, text)
		}
	}
	return nil
}

// columns are the names under which CSV files have the value, what it is, and why.
var (
	valueColumns = []string{"indicator", "value", "ioc", "ioc_value", "observable", "ip", "address", "domain", "hash", "sha256"}
	typeColumns  = []string{"type", "indicator_type", "ioc_type"}
	noteColumns  = []string{"description", "comment", "note", "malware", "threat", "tags"}
)

func hasHeader(b []byte) bool {
	first, _, _ := bytes.Cut(b, []byte{'\n'})
	fields := strings.Split(strings.ToLower(strings.TrimSpace(string(first))), ",")
	return slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(valueColumns, strings.Trim(f, `" `)) })
}

func (l *Lists) csv(name string, b []byte) error {
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord, r.Comment, r.LazyQuotes, r.TrimLeadingSpace = -1, '#', true, true
	head, err := r.Read()
	if err != nil {
		return err
	}
	column := func(names []string) int {
		return slices.IndexFunc(head, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	value, kind, note := column(valueColumns), column(typeColumns), column(noteColumns)
	if value < 0 {
		return errors.New("no column of it has the values: name one indicator, value or ioc")
	}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		in := Indicator{List: name}
		if value >= len(rec) || strings.TrimSpace(rec[value]) == "" {
			continue
		}
		in.Value = rec[value]
		if note >= 0 && note < len(rec) {
			in.Note = strings.TrimSpace(rec[note])
		}
		if kind >= 0 && kind < len(rec) {
			l.typed(in, rec[kind])
			continue
		}
		l.guess(in)
	}
}

// typed adds a value that says what it is, by the names of MISP and of common
// lists. What is of no use here is left out.
func (l *Lists) typed(in Indicator, kind string) {
	kind = strings.ToLower(strings.TrimSpace(kind))
	v, rest, composed := strings.Cut(in.Value, "|") // MISP: ip-dst|port, filename|sha256
	switch {
	case kind == "ip-dst" || kind == "ip-src" || kind == "ip" || kind == "ipv4" || kind == "ipv6" || kind == "ipv4-addr" || kind == "ipv6-addr" || kind == "cidr":
		in.Kind = Address
	case kind == "ip-dst|port" || kind == "ip-src|port":
		in.Kind, in.Value = Address, v
	case kind == "domain" || kind == "hostname" || kind == "fqdn" || kind == "domain-name":
		in.Kind = Domain
	case kind == "domain|ip" && composed:
		in.Kind, in.Value = Domain, v
	case kind == "url" || kind == "uri" || kind == "link":
		l.guess(in)
		return
	case strings.HasPrefix(kind, "email") && strings.Contains(in.Value, "@") || kind == "target-email":
		in.Kind = Email
	case kind == "sha256" || kind == "sha-256":
		in.Kind = SHA256
	case kind == "filename|sha256" && composed:
		in.Kind, in.Value = SHA256, rest
	case strings.HasPrefix(kind, "ja3-fingerprint") || kind == "ja3":
		in.Kind = JA3
	case strings.HasPrefix(kind, "ja4"):
		in.Kind = JA4
	default:
		return
	}
	l.add(in)
}

func (l *Lists) json(name string, b []byte) error {
	if b[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		for _, one := range list {
			if one = bytes.TrimSpace(one); len(one) > 0 && one[0] == '{' {
				if err := l.object(name, one); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return l.object(name, b)
}

// mispEvent and attribute are what is read of a MISP event.
type mispEvent struct {
	Info      string
	Attribute []attribute
	Object    []struct{ Attribute []attribute }
}

type attribute struct {
	Type, Value, Comment string
	IDS                  *bool `json:"to_ids"`
}

// stixObject is what is read of an object of a STIX bundle.
type stixObject struct {
	Type, Name, Pattern string
	PatternType         string `json:"pattern_type"`
	Revoked             bool
}

func (l *Lists) object(name string, b []byte) error {
	var v struct {
		Type      string
		Objects   []stixObject
		Event     *mispEvent
		Response  []struct{ Event *mispEvent }
		Attribute []attribute
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	for i := range v.Objects {
		l.stix(name, &v.Objects[i])
	}
	l.misp(name, v.Event)
	for _, r := range v.Response {
		l.misp(name, r.Event)
	}
	if len(v.Attribute) > 0 {
		l.misp(name, &mispEvent{Attribute: v.Attribute})
	}
	return nil
}

func (l *Lists) misp(name string, e *mispEvent) {
	if e == nil {
		return
	}
	all := e.Attribute
	for _, o := range e.Object {
		all = append(all, o.Attribute...)
	}
	for _, a := range all {
		if a.IDS != nil && !*a.IDS { // context, not to be looked for
			continue
		}
		note := a.Comment
		if note == "" {
			note = e.Info
		}
		l.typed(Indicator{Value: a.Value, List: name, Note: note}, a.Type)
	}
}

// comparison is one of a STIX pattern (STIX 2.1, section 9): [ipv4-addr:value = '…'].
var comparison = regexp.MustCompile(`(ipv4-addr|ipv6-addr|domain-name|email-addr|url|email-message|file):([a-zA-Z_.0-9'\-\[\]*]+)\s*=\s*'((?:[^'\\]|\\.)*)'`)

func (l *Lists) stix(name string, o *stixObject) {
	if o.Type != "indicator" || o.Revoked || o.PatternType != "" && o.PatternType != "stix" {
		return
	}
	for _, m := range comparison.FindAllStringSubmatch(o.Pattern, -1) {
		in := Indicator{Value: strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(m[3]), List: name, Note: o.Name}
		switch m[1] {
		case "ipv4-addr", "ipv6-addr":
			in.Kind = Address
		case "domain-name":
			in.Kind = Domain
		case "email-addr":
			in.Kind = Email
		case "email-message":
			if !strings.Contains(m[2], "from_ref.value") && !strings.Contains(m[2], "sender_ref.value") {
				continue
			}
			in.Kind = Email
		case "url":
			l.guess(in)
			continue
		case "file":
			if !strings.Contains(strings.ToUpper(m[2]), "SHA-256") && !strings.Contains(strings.ToUpper(m[2]), "SHA256") {
				continue
			}
			in.Kind = SHA256
		}
		l.add(in)
	}
}
