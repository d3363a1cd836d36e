package summary

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"mailsensor/detectors/inside"
	"mailsensor/protocols"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGolden(t *testing.T) {
	s := New(inside.New(inside.Config{Domains: []string{"corp.example"}, DefaultDomain: "corp.example"}))
	for _, ev := range []protocols.Event{
		login("imap", ann, "Ann", protocols.Accepted),
		login("imap", bob, "ann", protocols.Rejected),
		read(ann, 1, "Ann", whole(1, 10)),
		read(bob, 2, "", whole(1, 3)),
		message(ann, "Ann", protocols.Accepted, 1234, "bob@corp.example", "x@partner.example"),
		message(world, "", protocols.Unknown, 0),
		&protocols.Anomaly{Head: head("smtp", world, mx, 3, ""), Kind: "smtp_bare_lf"},
		end("imap", ann, "Ann", func(e *protocols.ConnEnd) { e.Visible[protocols.Cleartext] = [2]uint64{100, 2000} }),
		end("smtp", world, "", func(e *protocols.ConnEnd) {
			e.Visible[protocols.Cleartext] = [2]uint64{70, 0}
			e.Totals.Half[1].Packets = 0
			e.Totals.Half[0].GapBytes = 30
		}),
		end("tls", world, "", func(e *protocols.ConnEnd) { e.Visible[protocols.ImplicitTLS] = [2]uint64{500, 600} }),
	} {
		s.Observe(ev)
	}
	d := s.Document()
	d.Capture.Files = []string{"a.pcap"}
	d.Capture.Packets, d.Capture.Bytes = 40, 4000
	d.Capture.First, d.Capture.Last, d.Capture.SpanSeconds = 1767323045_000000000, 1767323047_500000000, 2.5
	d.Capture.Decode = map[string]uint64{"not_ip": 2}
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/document.json"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("the document differs from %s (rewrite it with -update and look at the difference):\n%s", file, b.Bytes())
	}
}

// A summary of nothing has every total, and nothing that would be unknown.
func TestEmptyDocument(t *testing.T) {
	var b bytes.Buffer
	if err := New(inside.New(inside.Config{})).Document().Write(&b); err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d["schema"] != Schema || len(d["hosts"].([]any)) != 0 || len(d["accounts"].([]any)) != 0 || len(d["anomalies"].(map[string]any)) != 0 {
		t.Errorf("%s", b.Bytes())
	}
	if _, ok := d["capture"].(map[string]any)["first"]; ok {
		t.Error("the first time of nothing is known")
	}
	for _, p := range []string{"smtp", "imap", "tls"} {
		if d["totals"].(map[string]any)[p].(map[string]any)["connections"] != 0.0 {
			t.Errorf("totals of %s: %s", p, b.Bytes())
		}
	}
	if strings.Contains(b.String(), "_confidence") {
		t.Errorf("nothing is not exact: %s", b.Bytes())
	}
}

func TestWriteIsSafeForTerminals(t *testing.T) {
	d := New(inside.New(inside.Config{})).Document()
	d.Accounts = []Account{{Account: "a\x1b[2J\u009b31m\x7fä\xff"}}
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(b.Bytes(), "\x1b\u009b\x7f") || !strings.Contains(b.String(), "ä") {
		t.Errorf("%q", b.Bytes())
	}
	var back Document
	if err := json.Unmarshal(bytes.ReplaceAll(b.Bytes(), []byte(`"schema"`), []byte(`"Schema"`)), &struct{ Accounts *[]Account }{&back.Accounts}); err != nil {
		t.Fatal(err)
	}
	if back.Accounts[0].Account != "a\x1b[2J\u009b31m\x7fä\ufffd" {
		t.Errorf("%q", back.Accounts[0].Account)
	}
}

// stream is what an ordinary mail site does, over and over.
func stream() []protocols.Event {
	var list []protocols.Event
	for i := range 50 {
		account := string(rune('a'+i%26)) + "@corp.example"
		client := "10.0.2." + string(rune('1'+i%9))
		m := message(client, account, protocols.Accepted, 5000, "x@corp.example", "y@partner.example")
		r := read(client, uint64(i), account, whole(uint32(1+i*20), uint32(20+i*20)))
		p := read(client, uint64(i), account,
			protocols.ReadItem{Kind: protocols.ReadPartial, ByUID: true, First: 9000, Last: 9000, Items: 1, Bytes: 512, Asked: 512, Offset: 512 * uint64(i)},
			protocols.ReadItem{Kind: protocols.ReadHeaders, First: 1, Last: 50, Items: 50, Bytes: 9000},
			protocols.ReadItem{Kind: protocols.ReadIdentity, First: 3, Last: 3, Other: 77})
		list = append(list, login("imap", client, account, protocols.Accepted), m, r, p,
			end("imap", client, account, func(e *protocols.ConnEnd) { e.Conn.ID = uint64(i) }))
	}
	return list
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	s := New(inside.New(inside.Config{}))
	list := stream()
	round := func() {
		for _, ev := range list {
			s.Observe(ev)
		}
	}
	round()
	round()
	if n := testing.AllocsPerRun(20, round); n != 0 {
		t.Errorf("%v allocations for %d events", n, len(list))
	}
}

func BenchmarkObserve(b *testing.B) {
	s := New(inside.New(inside.Config{}))
	list := stream()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Observe(list[i%len(list)])
	}
}
