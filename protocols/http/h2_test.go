package http

import (
	"bytes"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"mailsensor/capture"
	"mailsensor/capture/synth"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// talk writes HTTP/2 as x/net does.
type talk struct {
	turns []protocoltest.Turn
	sides [2]struct {
		buf bytes.Buffer
		enc *hpack.Encoder
	}
}

func newTalk() *talk {
	k := new(talk)
	for d := range k.sides {
		k.sides[d].enc = hpack.NewEncoder(&k.sides[d].buf)
	}
	return k
}

func (k *talk) raw(d capture.Dir, s string) {
	k.turns = append(k.turns, protocoltest.Turn{Dir: d, Text: []byte(s)})
}

// frames adds what write does to the framer of one side.
func (k *talk) frames(d capture.Dir, write func(*http2.Framer)) {
	var b bytes.Buffer
	write(http2.NewFramer(&b, nil))
	k.raw(d, b.String())
}

// fields encodes a header block.
func (k *talk) fields(d capture.Dir, pairs ...string) []byte {
	s := &k.sides[d]
	s.buf.Reset()
	for i := 0; i < len(pairs); i += 2 {
		s.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return bytes.Clone(s.buf.Bytes())
}

func get(path string) []string {
	return []string{":method", "GET", ":scheme", "http", ":authority", "graph.test", ":path", path, "authorization", "Basic YW5uOlNFQ1JFVA=="}
}

const one = "/v1.0/me/messages/AAA/$value"

// prior is a connection of a client that knows: padding, priority, a block in
// three frames, a promise, trailers, an informational response, a reset.
func prior() *talk {
	k := newTalk()
	k.raw(capture.ToServer, preface)
	c, s := capture.ToServer, capture.ToClient
	k.frames(c, func(f *http2.Framer) {
		f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20})
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: k.fields(c, get(one)...), EndStream: true, EndHeaders: true, PadLength: 7,
			Priority: http2.PriorityParam{StreamDep: 0, Weight: 10}})
		block := k.fields(c, ":method", "POST", ":scheme", "http", ":authority", "graph.test", ":path", "/v1.0/me/sendMail", "content-type", "application/json", "user-agent", strings.Repeat("u", 300))
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: block[:10]})
		f.WriteContinuation(3, false, block[10:30])
		f.WriteContinuation(3, true, block[30:])
		body := `{"message":{"subject":"Hi","toRecipients":[{"emailAddress":{"address":"b@b.example"}}]}}`
		f.WriteData(3, false, []byte(body[:20]))
		f.WriteDataPadded(3, true, []byte(body[20:]), make([]byte, 9))
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 5, BlockFragment: k.fields(c, get("/v1.0/me/messages/BBB/$value")...), EndStream: true, EndHeaders: true})
	})
	k.frames(s, func(f *http2.Framer) {
		f.WriteSettings()
		f.WriteSettingsAck()
		f.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: k.fields(s, ":method", "GET", ":path", "/style.css"), EndHeaders: true, PadLength: 3})
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: k.fields(s, ":status", "103", "link", "</x>"), EndHeaders: true})
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: k.fields(s, ":status", "200", "content-type", "text/plain"), EndHeaders: true})
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: k.fields(s, ":status", "202"), EndHeaders: true, EndStream: true})
		f.WriteData(1, false, bytes.Repeat([]byte("m"), 500))
		f.WritePing(false, [8]byte{1})
		f.WriteDataPadded(1, false, bytes.Repeat([]byte("n"), 500), make([]byte, 40))
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: k.fields(s, "trailer", "x"), EndHeaders: true, EndStream: true})
		f.WriteRSTStream(5, http2.ErrCodeInternal)
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 2, BlockFragment: k.fields(s, ":status", "200"), EndHeaders: true, EndStream: true})
		f.WriteGoAway(5, http2.ErrCodeNo, nil)
	})
	return k
}

func check(t *testing.T, turns []protocoltest.Turn, wants ...string) {
	t.Helper()
	got := strings.Join(protocoltest.Run(all(), protocoltest.Conn(80), turns), "\n")
	for _, w := range wants {
		if !strings.Contains(got, w) {
			t.Errorf("no %s in\n%s", w, got)
		}
	}
	if strings.Contains(got, "SECRET") {
		t.Error("a secret is in the events")
	}
	protocoltest.CutEverywhere(t, all(), protocoltest.Conn(80), turns, 200)
}

func TestH2(t *testing.T) {
	check(t, prior().turns, `login Account="ann" Mechanism=BASIC User="ann" Outcome=accepted Code=200`,
		`API=graph Operation="messages.$value" Outcome=accepted Code=200 Items=1 Bytes=1000`,
		`message Account="ann" Outcome=accepted Code=202 Recipients=[{Address="b@b.example" Outcome=accepted}]`,
		`Requests=3`)
}

// A server may say its settings before the client's preface comes.
func TestH2ServerFirst(t *testing.T) {
	k, settings := prior(), newTalk()
	settings.frames(capture.ToClient, func(f *http2.Framer) { f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 15}) })
	check(t, append(settings.turns, k.turns...), `Items=1 Bytes=1000`, `Requests=3`)
}

// The answer to the request that asked for the upgrade is on stream 1.
func TestH2Upgrade(t *testing.T) {
	k := newTalk()
	c, s := capture.ToServer, capture.ToClient
	k.raw(c, "GET "+one+" HTTP/1.1\r\nHost: graph.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
	k.raw(s, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
	k.frames(s, func(f *http2.Framer) {
		f.WriteSettings()
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: k.fields(s, ":status", "200"), EndHeaders: true})
		f.WriteData(1, true, bytes.Repeat([]byte("m"), 700))
	})
	k.raw(c, preface)
	k.frames(c, func(f *http2.Framer) {
		f.WriteSettings()
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: k.fields(c, get(one)...), EndStream: true, EndHeaders: true})
	})
	k.frames(s, func(f *http2.Framer) {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: k.fields(s, ":status", "200"), EndHeaders: true})
		f.WriteData(3, true, bytes.Repeat([]byte("m"), 800))
	})
	check(t, k.turns, `Items=1 Bytes=700`, `Account="ann" API=graph Operation="messages.$value" Outcome=accepted Code=200 Items=1 Bytes=800`, `Requests=2`)
}

// A proxy that speaks HTTP/2: its tunnels are told, what is in them is not read.
func TestH2Connect(t *testing.T) {
	k := newTalk()
	c, s := capture.ToServer, capture.ToClient
	k.raw(c, preface)
	k.frames(c, func(f *http2.Framer) {
		f.WriteSettings()
		for i, host := range []string{"imap.partner.test:143", "evil.test:4444"} {
			f.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(1 + 2*i), EndHeaders: true,
				BlockFragment: k.fields(c, ":method", "CONNECT", ":authority", host, "proxy-authorization", "Basic YW5uOlNFQ1JFVA==")})
		}
	})
	k.frames(s, func(f *http2.Framer) {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: k.fields(s, ":status", "200"), EndHeaders: true})
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: k.fields(s, ":status", "403"), EndHeaders: true, EndStream: true})
		f.WriteData(1, false, []byte("* OK ready\r\n"))
	})
	check(t, k.turns, `opening Proxied=true`, `login Mechanism=BASIC User="ann" Outcome=accepted Code=200 Proxy=true`,
		`tunnel Kind=connect Target="imap.partner.test" Port=143 User="ann" Mechanism=BASIC Outcome=accepted Code=200`,
		`tunnel Kind=connect Target="evil.test" Port=4444 User="ann" Mechanism=BASIC Outcome=rejected Code=403`)
}

// Octets of content that are lost are counted through; a header block that is lost
// takes all that follows in its direction with it.
func TestH2Gaps(t *testing.T) {
	k := prior()
	answer := k.turns[len(k.turns)-1].Text
	i := bytes.Index(answer, bytes.Repeat([]byte("m"), 500))
	lose := func(from, n int) []protocoltest.Turn {
		return append(slices.Clone(k.turns[:len(k.turns)-1]), protocoltest.Turn{Dir: capture.ToClient, Text: answer[:from]},
			protocoltest.Turn{Dir: capture.ToClient, Gap: n}, protocoltest.Turn{Dir: capture.ToClient, Text: answer[from+n:]})
	}
	got := strings.Join(protocoltest.Run(all(), protocoltest.Conn(80), lose(i+10, 400)), "\n")
	for _, w := range []string{`Confidence=lower_bound API=graph Operation="messages.$value" Outcome=accepted Code=200`, `Code=202`} {
		if !strings.Contains(got, w) {
			t.Errorf("no %s in\n%s", w, got)
		}
	}
	got = strings.Join(protocoltest.Run(all(), protocoltest.Conn(80), lose(i-60, 55)), "\n")
	if strings.Contains(got, "Items=1") || !strings.Contains(got, "Requests=3") {
		t.Errorf("behind a lost header block:\n%s", got)
	}
}

// What is no HTTP/2 is said so, once.
func TestH2Nonsense(t *testing.T) {
	k := newTalk()
	k.raw(capture.ToServer, preface+"\x00\x00\x00\x09\x04\x00\x00\x00\x01")
	k.raw(capture.ToClient, "\x00\x00\x04\x01\x04\x00\x00\x00\x01\xff\xff\xff\xff and so on")
	check(t, k.turns, `anomaly Kind=http_bad_frame`)
}

// More streams than are followed.
func TestH2Bounded(t *testing.T) {
	k := newTalk()
	k.raw(capture.ToServer, preface)
	for i := range 3 * maxStreams {
		k.frames(capture.ToServer, func(f *http2.Framer) {
			f.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: k.fields(capture.ToServer, get(one)...), EndHeaders: true})
		})
	}
	got := strings.Join(protocoltest.Run(all(), protocoltest.Conn(80), k.turns), "\n")
	if !strings.Contains(got, "http_pipeline") || !strings.Contains(got, fmt.Sprintf("Requests=%d", 3*maxStreams)) {
		t.Error(got[max(0, len(got)-300):])
	}
}

// Go's own client and server, many streams at once.
func TestH2Peers(t *testing.T) {
	const calls, size = 40, 30_000
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var protos nethttp.Protocols
	protos.SetUnencryptedHTTP2(true)
	srv := &nethttp.Server{Protocols: &protos, Handler: nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write(bytes.Repeat([]byte("m"), size))
	})}
	var rec synth.Recorder
	go srv.Serve(rec.Listen(l))
	defer srv.Close()
	client := &nethttp.Client{Transport: &nethttp.Transport{Protocols: &protos, MaxConnsPerHost: 1}}
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			r, err := nethttp.NewRequest("GET", fmt.Sprintf("http://%s/v1.0/me/messages/M%d/$value", l.Addr(), i), nil)
			if err != nil {
				t.Error(err)
				return
			}
			r.SetBasicAuth("ann", "SECRET")
			resp, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		})
	}
	wg.Wait()
	client.CloseIdleConnections()
	srv.Close()
	items, octets, requests := 0, uint64(0), uint64(0)
	for _, turns := range rec.Dialogues() {
		dr := protocols.NewDriver(all())
		dr.Unguarded = true
		s := dr.Open(protocoltest.Conn(80))
		for i, turn := range turns {
			s.Data(turn.Dir, int64(i), turn.Bytes)
		}
		s.Close(1e9, capture.Totals{})
		for _, ev := range dr.Batch.Events {
			switch e := ev.(type) {
			case *protocols.MailOperation:
				items, octets = items+int(e.Items), octets+e.Bytes
			case *protocols.ConnEnd:
				requests += e.Requests
			case *protocols.Anomaly:
				t.Errorf("%s", e.Kind)
			}
		}
	}
	if items != calls || octets != calls*size || requests != calls {
		t.Errorf("%d items, %d octets, %d requests", items, octets, requests)
	}
}
