// Package protocoltest runs dialogues through the stream driver, so that a
// parser's tests read like the RFCs: C: and S: lines in, events out.
package protocoltest

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// Turn is what one side sends, or a gap in it.
type Turn struct {
	Dir  capture.Dir
	Text []byte
	Gap  int // octets lost; Text is nil then
}

// Parse reads a dialogue. Every line begins with who speaks:
//
//	C: text     the client sends text and CRLF
//	S: text     the server does
//	C> text     without CRLF; Go escapes (\r \n \x00 \\) are understood in C> and S>
//	C! 120      the next 120 octets of the client are lost
//	# comment
//
// Adjacent lines of one side are one turn (one segment).
func Parse(t testing.TB, dialogue string) []Turn {
	t.Helper()
	var turns []Turn
	for i, line := range strings.Split(dialogue, "\n") {
		line = strings.TrimRight(line, "\r")
		if trimmed := strings.TrimLeft(line, " \t"); trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		} else {
			line = trimmed
		}
		if len(line) < 2 {
			t.Fatalf("protocoltest: line %d: %q", i+1, line)
		}
		var turn Turn
		switch line[0] {
		case 'C':
			turn.Dir = capture.ToServer
		case 'S':
			turn.Dir = capture.ToClient
		default:
			t.Fatalf("protocoltest: line %d begins with neither C nor S: %q", i+1, line)
		}
		text := strings.TrimPrefix(line[2:], " ")
		switch line[1] {
		case ':':
			turn.Text = []byte(text + "\r\n")
		case '>':
			turn.Text = []byte(unescape(t, text))
		case '!':
			if _, err := fmt.Sscan(text, &turn.Gap); err != nil {
				t.Fatalf("protocoltest: line %d: %v", i+1, err)
			}
		default:
			t.Fatalf("protocoltest: line %d: %q", i+1, line)
		}
		if n := len(turns); n > 0 && turns[n-1].Dir == turn.Dir && turns[n-1].Gap == 0 && turn.Gap == 0 {
			turns[n-1].Text = append(turns[n-1].Text, turn.Text...)
			continue
		}
		turns = append(turns, turn)
	}
	return turns
}

func unescape(t testing.TB, s string) string {
	t.Helper()
	var b strings.Builder
	r := strings.NewReplacer(`\\`, `\`, `\r`, "\r", `\n`, "\n", `\t`, "\t")
	for {
		i := strings.Index(s, `\x`)
		if i < 0 || i+4 > len(s) {
			b.WriteString(r.Replace(s))
			return b.String()
		}
		var c byte
		if _, err := fmt.Sscanf(s[i+2:i+4], "%02x", &c); err != nil {
			t.Fatalf("protocoltest: %q: %v", s, err)
		}
		b.WriteString(r.Replace(s[:i]))
		b.WriteByte(c)
		s = s[i+4:]
	}
}

// Conn is the connection that Run pretends: client 192.0.2.1:40000, server
// 198.51.100.1 at the port given, handshake seen.
func Conn(port uint16) capture.Conn {
	return capture.Conn{
		ID:        1,
		Client:    netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 40000),
		Server:    netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, 1}), port),
		Start:     start,
		Handshake: true,
	}
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano()

// Run plays turns through a driver and returns the events, one line each (see
// Line). That a protocol was recognised shows in what follows.
func Run(list []protocols.Protocol, c capture.Conn, turns []Turn) (out []string) {
	for _, ev := range Play(list, c, turns) {
		if o, ok := ev.(*protocols.Opening); ok && !o.Proxied && !o.Forwarded {
			continue
		}
		out = append(out, Line(ev))
	}
	return out
}

// Play plays turns through a driver and returns the events. A second passes per turn.
func Play(list []protocols.Protocol, c capture.Conn, turns []Turn) []protocols.Event {
	dr := protocols.NewDriver(list)
	dr.Unguarded = true
	s := dr.Open(c)
	now := c.Start
	var tot capture.Totals
	more := [2]bool{true, true}
	for i, turn := range turns {
		now = c.Start + int64(i+1)*int64(time.Second)
		h := &tot.Half[turn.Dir]
		h.Packets++
		if turn.Gap > 0 {
			h.GapBytes += uint64(turn.Gap)
			if more[turn.Dir] {
				more[turn.Dir] = s.Gap(turn.Dir, now, turn.Gap)
			}
			continue
		}
		h.Bytes += uint64(len(turn.Text))
		if more[turn.Dir] {
			more[turn.Dir] = s.Data(turn.Dir, now, append([]byte(nil), turn.Text...))
		}
	}
	s.Close(now, tot)
	return dr.Batch.Events
}

// Line renders an event for goldens: its type, then every field that is not
// zero, as name=value. Positions, times and connection totals are left out, so
// that the same dialogue cut otherwise gives the same lines.
func Line(ev protocols.Event) string {
	var b strings.Builder
	b.WriteString(ev.Type())
	if h := ev.Header(); len(h.Account) > 0 {
		fmt.Fprintf(&b, " Account=%q", h.Account)
	}
	if c := ev.Header().Confidence; c != protocols.Exact {
		fmt.Fprintf(&b, " Confidence=%s", c)
	}
	if v := ev.Header().Via; v != nil {
		b.WriteString(" Via=")
		value(&b, reflect.ValueOf(*v))
	}
	fields(&b, reflect.ValueOf(ev).Elem())
	return b.String()
}

func fields(b *strings.Builder, v reflect.Value) {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch name {
		case "Head", "Totals", "Started", "Visible", "Form", "Request":
			continue
		}
		if empty(f) {
			continue
		}
		fmt.Fprintf(b, " %s=", name)
		value(b, f)
	}
}

// empty reports whether there is nothing to tell of v: slices keep their room
// from one event to the next.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice:
		return v.Len() == 0
	case reflect.Struct:
		for i := range v.NumField() {
			if !empty(v.Field(i)) {
				return false
			}
		}
		return true
	}
	return v.IsZero()
}

func value(b *strings.Builder, v reflect.Value) {
	switch x := v.Interface().(type) {
	case []byte:
		fmt.Fprintf(b, "%q", x)
		return
	case [32]byte:
		fmt.Fprintf(b, "%x", x[:4])
		return
	case fmt.Stringer:
		b.WriteString(x.String())
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		b.WriteString("{")
		var in strings.Builder
		fields(&in, v)
		b.WriteString(strings.TrimPrefix(in.String(), " "))
		b.WriteString("}")
	case reflect.Slice:
		b.WriteString("[")
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(" ")
			}
			value(b, v.Index(i))
		}
		b.WriteString("]")
	case reflect.String:
		b.WriteString(v.String())
	default:
		fmt.Fprint(b, v.Interface())
	}
}
