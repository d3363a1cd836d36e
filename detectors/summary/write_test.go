package summary

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"mailsensor/detectors"
)

// TestIndent compares with the standard library on random values.
func TestIndent(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	words := []string{"", "plain", `quo"te`, `back\slash\`, "{[,:]}", "del\x7f", "c1\u0085\u009b", "käse", "\u2028", "x\ny", strings.Repeat("long", 9000)}
	var value func(depth int) any
	value = func(depth int) any {
		switch n := rnd.IntN(8); {
		case n < 2 && depth > 0:
			m := map[string]any{}
			for range rnd.IntN(4) {
				m[words[rnd.IntN(len(words)-1)]] = value(depth - 1)
			}
			return m
		case n < 4 && depth > 0:
			list := make([]any, rnd.IntN(4))
			for i := range list {
				list[i] = value(depth - 1)
			}
			return list
		case n == 4:
			return rnd.Float64() * 1e6
		case n == 5:
			return []any{nil, true, false}[rnd.IntN(3)]
		}
		return words[rnd.IntN(len(words))]
	}
	for range 2000 {
		in, err := json.Marshal(value(6))
		if err != nil {
			t.Fatal(err)
		}
		var plain bytes.Buffer
		if err := json.Indent(&plain, in, "", "  "); err != nil {
			t.Fatal(err)
		}
		if got, want := indent(nil, in, 0), detectors.AppendEscaped(nil, plain.Bytes()); !bytes.Equal(got, want) {
			t.Fatalf("%s:\n%s\nwant\n%s", in, got, want)
		}
	}
}

// TestWriteMany compares a document of many hosts and accounts with what the standard
// library makes of it.
func TestWriteMany(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{0, 1, 63, 64, 65, 1000} {
		d := &Document{Hosts: []Host{}, Accounts: []Account{}, Capture: Capture{Files: []string{`"hosts": []`, "a\u009b"}}}
		for i := range n {
			h := Host{Host: []string{"192.0.2.1", "2001:db8::1", "h<\u009b>"}[i%3]}
			for bit, p := range []any{&h.SMTP, &h.IMAP, &h.POP3, &h.Sieve, &h.HTTP} {
				if i>>bit&1 == 1 {
					counts := reflect.New(reflect.TypeOf(p).Elem().Elem())
					fill(counts.Elem(), rnd)
					reflect.ValueOf(p).Elem().Set(counts)
				}
			}
			if i%7 == 0 {
				h.TLS = &TLS{Connections: uint64(i)}
			}
			d.Hosts = append(d.Hosts, h)
			d.Accounts = append(d.Accounts, Account{Account: fmt.Sprint("a<&>\x7f", i), Clients: []string{}})
		}
		var plain, got bytes.Buffer
		e := json.NewEncoder(&plain)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(d); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(&got); err != nil {
			t.Fatal(err)
		}
		if want := detectors.AppendEscaped(nil, plain.Bytes()); !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%d: not as the standard library has it", n)
		}
	}
	full := &Document{Hosts: make([]Host, 1000)}
	if err := full.Write(failing{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("an error of the writer became %v", err)
	}
}

// fill gives counts and confidences random values.
func fill(v reflect.Value, rnd *rand.Rand) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case !f.CanSet():
		case f.Kind() == reflect.Struct:
			fill(f, rnd)
		case f.Kind() == reflect.Uint64:
			f.SetUint(rnd.Uint64() >> rnd.IntN(64))
		case f.Kind() == reflect.Uint8:
			f.SetUint(rnd.Uint64N(4))
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// BenchmarkWrite writes a document of many hosts.
func BenchmarkWrite(b *testing.B) {
	d := &Document{Hosts: make([]Host, 7000)}
	for i := range d.Hosts {
		d.Hosts[i] = Host{Host: "192.0.2.1", Protocols: Protocols{SMTP: &SMTP{Connections: uint64(i)}}}
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Write(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
