package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"mailsensor/capture/live/livetest"
)

// TestRate looks for the highest rate at which the whole sensor loses nothing, by
// halving: frames of samples, over and over, in bursts twenty times a second. It is no
// test of anything and runs when asked for. What the rings alone can do TestMeasure of
// capture/live says.
func TestRate(t *testing.T) {
	if os.Getenv("MAILSENSOR_MEASURE") == "" {
		t.Skip("set MAILSENSOR_MEASURE=1")
	}
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	livetest.IP(t, "link set "+livetest.Near+" mtu 9000")
	peer.IP("link set " + livetest.Far + " mtu 9000")
	var octets [][]byte
	var size float64
	for _, name := range []string{"smtp/basic", "imap/normal", "imap/bulk-split", "pop3/clients"} {
		for _, f := range load(t, "../../pcaps/"+name+".pcap") {
			octets = append(octets, f.Bytes)
			size += float64(len(f.Bytes))
		}
	}
	mean := size / float64(len(octets))
	pass, all := len(octets), make([][]byte, 0, 200_000)
	for len(all)+pass <= cap(all) {
		for _, f := range octets {
			all = append(all, bytes.Clone(f))
		}
	}
	// Every pass is between other hosts, so that all of it is new.
	passes := 0
	anew := func(frames [][]byte) {
		for i, f := range frames {
			if i%pass == 0 {
				passes++
			}
			if len(f) > 34 && f[12] == 8 && f[13] == 0 {
				f[26], f[27], f[30], f[31] = byte(10+passes>>8), byte(passes), byte(10+passes>>8), byte(passes)
			}
		}
	}
	try := func(rate float64) (reached, lost float64) {
		w := startWatcher(t, "--listen", "127.0.0.1:9425", "--ring-size", "128")
		defer w.end()
		const lasts = 4 * time.Second
		begun, sent := time.Now(), 0
		for time.Since(begun) < lasts {
			n := min(int(rate*time.Since(begun).Seconds())-sent, len(all)) / pass * pass // bursts of some 50 ms: to open a socket for each costs 10
			if n > 0 {
				anew(all[:n])
				peer.Send(all[:n]...)
				sent += n
			}
			time.Sleep(30 * time.Millisecond)
		}
		took := time.Since(begun).Seconds()
		time.Sleep(2500 * time.Millisecond) // the books are a second behind
		return float64(sent) / took, scraped(t, "capture_kernel_drops_total") + scraped(t, "shed_packets_total")
	}
	low, high := 0.0, 1.5e6
	for range 7 {
		rate := (low + high) / 2
		reached, lost := try(rate)
		t.Logf("asked for %.0f packets/s, sent %.0f (%.2f Gbit/s), lost %.0f", rate, reached, reached*mean*8/1e9, lost)
		if lost > 0 {
			high = rate
			continue
		}
		low = reached
		if reached < 0.9*rate {
			t.Logf("the sender is the limit")
			break
		}
	}
	t.Logf("lossless up to %.0f packets/s, %.2f Gbit/s; frames of %.0f octets on average", low, low*mean*8/1e9, mean)
}
