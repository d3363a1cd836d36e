package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

// junk is what a hostile sender might put anywhere.
var junk = []string{
	"{4294967295}\r\n", "{18446744073709551615}\r\n", "{18446744073709551616}\r\n", "((((((((((((", "))))", "\"", "\\",
	"\r\n", "\n", "\r", ".\r\n", "\r\n.\r\n", "\x00", "\xff", "\x16\x03\x01\x02\x00", "1:*,*:1,4294967295:1,2:3",
	"BDAT 18446744073709551615 LAST\r\n", "250 ok\r\n", "354 go\r\n", "334 UGFzc3dvcmQ6\r\n", "235 ok\r\n", "500 no\r\n",
	"MAIL FROM:<>\r\n", "DATA\r\n", "RSET\r\n", "STARTTLS\r\n", "* 4294967295 EXISTS\r\n", "* 1 EXPUNGE\r\n",
	"* VANISHED 1:4294967295\r\n", "* 0 FETCH (UID 0 BODY[] \"x\")\r\n", "<18446744073709551615.18446744073709551615>",
	"* 4294967295 FETCH (UID 4294967295 BODY[]<18446744073709551615> {5}\r\nabcde)\r\n", "* ESEARCH ALL 1:4294967295\r\n",
	"A1 OK [COPYUID 1 1:4294967295 1:4294967295]\r\n", "=?utf-8?q?", "=?utf-8?b?====?=", "filename*0*=utf-8''%",
	"Content-Type: multipart/mixed; boundary=\"a\"\r\n\r\n--a\r\n", "Content-Type: message/rfc822\r\n\r\n",
}

// spoil changes a few octets of b: flipped, inserted, deleted, repeated.
func spoil(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(3) {
		if len(b) == 0 {
			return b
		}
		i := r.IntN(len(b))
		end := min(len(b), i+1+r.IntN(40))
		switch r.IntN(5) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b[i] = byte(r.IntN(256))
		case 2:
			b = append(b[:i], b[end:]...)
		case 3:
			b = append(append(bytes.Clone(b[:i]), junk[r.IntN(len(junk))]...), b[i:]...)
		case 4:
			b = append(append(bytes.Clone(b[:end]), b[i:end]...), b[end:]...)
		}
	}
	return b
}

// spoilFrames spoils whole frames, headers and all, and their times.
func spoilFrames(r *rand.Rand, frames []synth.Frame) []synth.Frame {
	out := append([]synth.Frame(nil), frames...)
	for range 1 + len(out)/20 {
		f := &out[r.IntN(len(out))]
		switch r.IntN(3) {
		case 0:
			f.Bytes = bytes.Clone(f.Bytes)
			f.Bytes[r.IntN(min(len(f.Bytes), 60))] = byte(r.IntN(256))
		case 1:
			f.Bytes = spoil(r, f.Bytes)
		case 2:
			f.Time += r.Int64N(2e12) - 1e12
		}
	}
	return out
}

// conversation is what was said in one connection, segment by segment.
type conversation struct {
	cfg   synth.Config
	start int64
	turns []synth.Turn
}

// conversations takes the conversations out of a sample.
func conversations(frames []synth.Frame) (list []*conversation) {
	open := make(map[capture.Key]*conversation)
	segments(frames, func(f *synth.Frame, s *capture.Segment) {
		if s == nil {
			return
		}
		from := netip.AddrPortFrom(netip.AddrFrom16(s.Key.Low).Unmap(), s.Key.LowPort)
		to := netip.AddrPortFrom(netip.AddrFrom16(s.Key.High).Unmap(), s.Key.HighPort)
		if !s.FromLow {
			from, to = to, from
		}
		d := open[s.Key]
		if d == nil || s.Flags&(capture.SYN|capture.ACK) == capture.SYN {
			d = &conversation{cfg: synth.Config{Client: from, Server: to}, start: f.Time}
			open[s.Key], list = d, append(list, d)
		}
		turn := synth.Turn{Dir: capture.ToServer, Time: f.Time, Bytes: bytes.Clone(s.Payload)}
		if from != d.cfg.Client {
			turn.Dir = capture.ToClient
		}
		if len(turn.Bytes) > 0 {
			d.turns = append(d.turns, turn)
		}
	})
	return list
}

// spoilSpeech spoils what was said, in streams that are as they should be.
func spoilSpeech(r *rand.Rand, list []*conversation) []synth.Frame {
	var all [][]synth.Frame
	for _, d := range list {
		var turns []synth.Turn
		for _, turn := range d.turns {
			switch r.IntN(30) {
			case 0, 1, 2:
				turn.Bytes = spoil(r, turn.Bytes)
			case 3:
				continue
			case 4:
				turns = append(turns, turn)
			case 5:
				turn.Gap = r.IntN(100)
			case 6:
				turn.Dir = turn.Dir.Other()
			}
			turns = append(turns, turn)
		}
		cfg := d.cfg
		cfg.ISN = [2]uint32{r.Uint32(), r.Uint32()}
		if r.IntN(4) == 0 {
			cfg.MSS = 1 + r.IntN(40)
		}
		all = append(all, synth.FromDialogue(cfg, d.start, turns))
	}
	return synth.Merge(all...)
}

// TestMutants spoils samples in 500 ways: speech, frames, the file itself. No
// parser panics, and neither time nor memory runs away.
func TestMutants(t *testing.T) {
	const mutants = 125
	for _, sample := range []string{"smtp/auth.pcap", "smtp/basic.pcap", "smtp/bdat.pcap", "imap/normal.pcap"} {
		name := filepath.Join("..", "..", "pcaps", sample)
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		frames := load(t, name)
		list := conversations(frames)
		for seed := range uint64(mutants) {
			r := rand.New(rand.NewPCG(seed, 77))
			var mutant bytes.Buffer
			switch seed % 3 {
			case 0:
				err = synth.WriteAll(&mutant, spoilSpeech(r, list), synth.Nano)
			case 1:
				err = synth.WriteAll(&mutant, spoilFrames(r, frames), synth.Nano)
			case 2:
				b := bytes.Clone(file)
				for range 1 + r.IntN(20) {
					b[24+r.IntN(len(b)-24)] ^= 1 << r.IntN(8)
				}
				mutant.Write(b)
			}
			if err != nil {
				t.Fatal(err)
			}
			digest(t, fmt.Sprintf("%s, seed %d", sample, seed), mutant.Bytes(), seed%3 == 2)
		}
	}
}

// digest replays a mutant. A spoilt file may be refused from some place on.
func digest(t *testing.T, name string, mutant []byte, spoiltFile bool) {
	t.Helper()
	var out, errs bytes.Buffer
	start := time.Now()
	code := run([]string{"replay", "--workers", "1", "--json", "-"}, bytes.NewReader(mutant), &out, &errs)
	if took := time.Since(start); took > time.Minute {
		t.Errorf("%s: took %v", name, took)
	}
	var doc struct {
		Capture struct{ Parsers map[string]uint64 }
	}
	switch err := json.Unmarshal(out.Bytes(), &doc); {
	case code != 0 && !(spoiltFile && code == exitBad):
		t.Errorf("%s: exit %d: %s", name, code, errs.String())
	case err != nil && code == 0:
		t.Errorf("%s: %v", name, err)
	case doc.Capture.Parsers["panics"] > 0:
		t.Errorf("%s: a parser panicked", name)
	}
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapAlloc > 256<<20 {
		t.Errorf("%s: %d MB in use", name, m.HeapAlloc>>20)
	}
}
