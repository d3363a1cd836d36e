package main

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

// attack is a capture that wants memory.
type attack struct {
	write func(w *synth.Writer, part int) // a whole one, or a part of it
	shows string                          // a counter of the summary that says what was put aside; "": hosts were forgotten; "-": nothing has to be
}

// begin opens the connection i of an attack to a port.
func begin(w *synth.Writer, i int, port uint16) (*synth.Conversation, int64) {
	at := int64(1e18) + int64(i)*20_000
	c := synth.New(synth.Config{
		Client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)}), uint16(20000+i%40000)),
		Server: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 25}), port), Step: 1000,
	}, func(t int64, frame []byte) { w.Write(t, frame, 0) })
	return c, at
}

// attacks are what --memory has to withstand. A million of anything is in each, if not
// connections then octets or commands.
func attacks() map[string]attack {
	var bomb bytes.Buffer
	z, _ := flate.NewWriter(&bomb, 9)
	z.Write(bytes.Repeat([]byte("a"), 1<<20))
	z.Flush()
	var answer bytes.Buffer
	answer.WriteString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: deflate\r\nContent-Length: 99999\r\n\r\n")
	z, _ = flate.NewWriter(&answer, 9)
	fmt.Fprintf(z, `{"value":[{"id":"1","subject":"%s"}`, strings.Repeat("a", 64<<10))
	z.Flush()
	long := []byte("X-Long: " + strings.Repeat("h", 14<<10))
	tags := []byte(strings.Repeat("a1234567890 NOOP\r\n", 500))
	return map[string]attack{
		"SYN flood": {shows: "evicted_half", write: func(w *synth.Writer, part int) {
			for i := range 1_000_000 / part {
				c, t := begin(w, i, 25)
				c.SYN(t)
			}
		}},
		"half-open dialogues": {shows: "evicted_open", write: func(w *synth.Writer, part int) {
			for i := range 250_000 / part {
				c, t := begin(w, i, 25)
				c.Send(capture.ToServer, c.Open(t), []byte("E"))
			}
		}},
		"logins of everybody": {shows: "", write: func(w *synth.Writer, part int) {
			for i := range 60_000 / part {
				c, t := begin(w, i, 143)
				t = c.Send(capture.ToClient, c.Open(t), []byte("* OK IMAP4rev1\r\n"))
				t = c.Send(capture.ToServer, t, fmt.Appendf(nil, "a LOGIN user%d@corp.example x\r\n", i))
				c.Close(c.Send(capture.ToClient, t, []byte("a OK\r\n")))
			}
		}},
		"mail of everybody": {shows: "", write: func(w *synth.Writer, part int) {
			for i := range 60_000 / part {
				c, t := begin(w, i, 25)
				t = c.Send(capture.ToClient, c.Open(t), []byte("220 x ESMTP\r\n"))
				t = c.Send(capture.ToServer, t, []byte("EHLO x\r\nAUTH PLAIN "+base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "\x00user%d@corp.example\x00x", i))+"\r\n"))
				t = c.Send(capture.ToClient, t, []byte("250-x\r\n250 AUTH PLAIN\r\n235 ok\r\n"))
				t = c.Send(capture.ToServer, t, fmt.Appendf(nil, "MAIL FROM:<user%d@corp.example>\r\nRCPT TO:<a@domain%[1]d.example>\r\nDATA\r\n", i))
				t = c.Send(capture.ToClient, t, []byte("250 ok\r\n250 ok\r\n354 go\r\n"))
				t = c.Send(capture.ToServer, t, fmt.Appendf(nil, "From: user%d@corp.example\r\nMessage-ID: <%[1]d@corp.example>\r\nSubject: %[1]d\r\n\r\nx\r\n.\r\n", i))
				c.Close(c.Send(capture.ToClient, t, []byte("250 ok\r\n")))
			}
		}},
		"mailboxes of everybody": {shows: "", write: func(w *synth.Writer, part int) {
			for i := range 60_000 / part {
				c, t := begin(w, i, 143)
				t = c.Send(capture.ToClient, c.Open(t), []byte("* OK IMAP4rev1\r\n"))
				t = c.Send(capture.ToServer, t, fmt.Appendf(nil, "a LOGIN user%d@corp.example x\r\n", i))
				t = c.Send(capture.ToClient, t, []byte("a OK\r\n"))
				t = c.Send(capture.ToServer, t, []byte("b SELECT INBOX\r\n"))
				t = c.Send(capture.ToClient, t, []byte("* 9 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nb OK\r\n"))
				t = c.Send(capture.ToServer, t, []byte("c UID FETCH 1,3,5 BODY[]\r\n"))
				t = c.Send(capture.ToClient, t, []byte("* 1 FETCH (UID 1 BODY[] {1}\r\nx)\r\n* 3 FETCH (UID 3 BODY[] {1}\r\nx)\r\n* 5 FETCH (UID 5 BODY[] {1}\r\nx)\r\nc OK\r\n"))
				c.Close(t)
			}
		}},
		"endless headers": {shows: "wait_refused", write: func(w *synth.Writer, part int) {
			for i := range max(8_000/part, 3_000) {
				c, t := begin(w, i, 25)
				t = c.Send(capture.ToClient, c.Open(t), []byte("220 x ESMTP\r\n"))
				t = c.Send(capture.ToServer, t, []byte("EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"))
				t = c.Send(capture.ToClient, t, []byte("250 x\r\n250 ok\r\n250 ok\r\n354 go\r\n"))
				c.Send(capture.ToServer, t, long)
			}
		}},
		"bombs": {shows: "inflate_refused", write: func(w *synth.Writer, part int) {
			for i := range max(3_000/part, 1_000) {
				c, t := begin(w, i, 143)
				t = c.Send(capture.ToClient, c.Open(t), []byte("* PREAUTH IMAP4rev1\r\n"))
				t = c.Send(capture.ToServer, t, []byte("a COMPRESS DEFLATE\r\n"))
				t = c.Send(capture.ToClient, t, []byte("a OK\r\n"))
				c.Send(capture.ToClient, t, bomb.Bytes())
			}
		}},
		"compressed answers": {shows: "wait_refused", write: func(w *synth.Writer, part int) {
			for i := range max(60_000/part, 16_000) {
				c, t := begin(w, i, 80)
				t = c.Send(capture.ToServer, c.Open(t), []byte("GET /v1.0/me/messages HTTP/1.1\r\nHost: graph.example\r\n\r\n"))
				c.Send(capture.ToClient, t, answer.Bytes())
			}
		}},
		"tags": {shows: "-", write: func(w *synth.Writer, part int) {
			for i := range 2_000 / part {
				c, t := begin(w, i, 143)
				t = c.Send(capture.ToClient, c.Open(t), []byte("* OK IMAP4rev1\r\n"))
				c.Send(capture.ToServer, t, tags)
			}
		}},
	}
}

// Under attack the sensor stays within --memory, and counts what it put aside. It is
// a process of its own, whose memory the kernel tells.
func TestMemoryHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("plays attacks")
	}
	t.Parallel()
	part := 5
	if os.Getenv("MAILSENSOR_ATTACKS") != "" { // whole ones
		part = 1
	}
	const budget = 256 << 20
	for name, a := range attacks() {
		r, out := io.Pipe()
		go func() {
			w, err := synth.NewWriter(out, capture.LinkEthernet, synth.Nano)
			if err == nil {
				a.write(w, part)
				err = w.Flush()
			}
			out.CloseWithError(err)
		}()
		cmd := exec.Command(os.Args[0], "-test.run=^TestAsSensor$")
		cmd.Env = append(os.Environ(), asSensor+"="+strings.Join([]string{"replay", "--memory", "256M", "--json", "-"}, "\n"), "MAILSENSOR_DEBUG_MEMSTATS=1")
		cmd.Stdin = r
		var document, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &document, &errs
		if err := cmd.Run(); err != nil {
			t.Errorf("%s: %v: %s", name, err, errs.String())
			continue
		}
		var mallocs, packets, peak uint64
		fmt.Sscanf(errs.String(), "mallocs=%d packets=%d peak_rss_kib=%d", &mallocs, &packets, &peak)
		var doc struct {
			Capture struct{ TCP, Parsers map[string]uint64 }
			Other   map[string]any
		}
		if err := json.Unmarshal(document.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d packets, at most %d MiB of %d; %v %v %v", name, packets, peak>>10, budget>>20, doc.Capture.TCP, doc.Capture.Parsers, doc.Other["hosts_evicted"])
		if peak == 0 || peak<<10 > budget {
			t.Errorf("%s: %d MiB of memory, %d may be", name, peak>>10, budget>>20)
		}
		forgotten, _ := doc.Other["hosts_evicted"].(float64)
		if a.shows == "" && forgotten == 0 || a.shows != "" && a.shows != "-" && doc.Capture.TCP[a.shows]+doc.Capture.Parsers[a.shows] == 0 {
			t.Errorf("%s: nothing is counted as put aside", name)
		}
	}
}
