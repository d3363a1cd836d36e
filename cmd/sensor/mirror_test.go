package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"mailsensor/capture/synth"
)

// Two mirrors of one network, each with its own tunnel or none, show every packet
// twice. It counts once: the totals are those of one mirror, and the second copy
// is known to be one.
func TestTwoMirrors(t *testing.T) {
	plain := load(t, oneSession(t, nil))
	want := replay(t, saved(t, plain))
	ways := []func() []synth.Frame{func() []synth.Frame { return plain }}
	for w := range synth.Wrappings {
		ways = append(ways, func() []synth.Frame { return synth.Encapsulate(plain, w, w%2 == 0) })
	}
	for i, one := range ways {
		for _, two := range ways[i:] {
			both := synth.Merge(one(), delayed(append([]synth.Frame(nil), two()...), 7000))
			got := replay(t, saved(t, both))
			if fmt.Sprint(got.Totals) != fmt.Sprint(want.Totals) {
				t.Errorf("way %d with another: totals %v, want %v", i, got.Totals, want.Totals)
			}
			tcp := got.Capture.TCP
			if tcp["segments"] != 2*want.Capture.TCP["segments"] || tcp["connections"] != want.Capture.TCP["connections"] ||
				tcp["duplicates"]+tcp["late"] < want.Capture.TCP["segments"] {
				t.Errorf("way %d with another: %v, alone %v", i, tcp, want.Capture.TCP)
			}
		}
	}
}

// The same where one mirror or both send fragments, of the packets or of what they
// are wrapped in.
func TestTwoMirrorsOfFragments(t *testing.T) {
	plain := load(t, normal)
	cut := synth.Fragment(plain, 200)
	ways := [][]synth.Frame{
		plain,
		cut,
		synth.Encapsulate(cut, synth.GREIP, false),
		synth.Fragment(synth.Encapsulate(plain, synth.VXLAN, true), 256),
		synth.Fragment(synth.Encapsulate(cut, synth.ERSPAN2, false), 128),
	}
	want := replay(t, normal)
	for i, one := range ways {
		for k, two := range ways {
			got := replay(t, saved(t, synth.Merge(one, delayed(append([]synth.Frame(nil), two...), 7000))))
			if fmt.Sprint(got.Totals) != fmt.Sprint(want.Totals) {
				t.Errorf("ways %d and %d: totals %v, want %v", i, k, got.Totals, want.Totals)
			}
		}
	}
}

// The filter is tcpdump's, and looks at the outer headers.
func TestFilterSeesTheTunnel(t *testing.T) {
	file := filepath.Join("..", "..", "pcaps", "capture", "tunnel-vxlan.pcap.gz")
	all := replay(t, file)
	if got := replay(t, "--filter", "udp port 4789", file); fmt.Sprint(got.Totals) != fmt.Sprint(all.Totals) {
		t.Errorf("the tunnel: %v, want %v", got.Totals, all.Totals)
	}
	if got := replay(t, "--filter", "tcp", file); got.Capture.Decode["filtered"] != got.Capture.Packets || got.Capture.Packets == 0 {
		t.Errorf("inside: %v", got.Capture)
	}
}

func saved(t *testing.T, frames []synth.Frame) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.pcap")
	if err := synth.WriteFile(name, frames); err != nil {
		t.Fatal(err)
	}
	return name
}
