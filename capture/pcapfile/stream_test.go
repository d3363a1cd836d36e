package pcapfile

import (
	"bytes"
	"io"
	"testing"
)

// From a pipe a packet is there when it has been written, not when a block is
// full.
func TestPipeIsNotWaitedFor(t *testing.T) {
	r, w := io.Pipe()
	s := &Source{stdin: r}
	b := smallPcap(at(1, "one"), at(2, "two"))
	failed := make(chan error, 1)
	first := make(chan bool)
	go func() {
		_, err := w.Write(b[:24+16+3])
		<-first // deadlocks if the reader wants more first
		if err == nil {
			_, err = w.Write(b[24+16+3:])
		}
		failed <- err
		w.Close()
	}()
	if err := s.open([]string{"-"}); err != nil {
		t.Fatal(err)
	}
	frame, _, err := s.Next()
	if err != nil || string(frame) != "one" {
		t.Fatalf("frame %q, error %v", frame, err)
	}
	close(first)
	if got := said(t, s); got != "two" {
		t.Errorf("then %s", got)
	}
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

// Tools that compress in parallel, or append, write several members.
func TestCompressedInMembers(t *testing.T) {
	packets := randomPackets(testRand(4), 30, 1000, 100)
	b := smallPcap(packets...)
	skippable := []byte{0x5e, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2}
	half := len(b) / 2
	for form, b := range map[string][]byte{
		"gzip": append(gzipped(t, b[:half]), gzipped(t, b[half:])...),
		"zstd": append(append(skippable, zstded(t, b[:half])...), zstded(t, b[half:])...),
	} {
		t.Run(form, func(t *testing.T) {
			f := FromReader("test", bytes.NewReader(b))
			got, err := readAll(f)
			if err != nil || f.Stats().Truncated {
				t.Fatalf("error %v, stats %+v", err, f.Stats())
			}
			equal(t, got, packets)
		})
	}
}
