package synth

import (
	"fmt"
	"io"
	"net"
	"testing"

	"mailsensor/capture"
)

// An echo server over loopback: every question must come before its answer.
func TestRecorderKeepsTheOrder(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var rec Recorder
	l := rec.Listen(inner)
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, err = io.Copy(struct{ io.Writer }{conn}, struct{ io.Reader }{conn})
			conn.Close()
		}
		served <- err
	}()
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	const n = 200
	for i := range n {
		fmt.Fprintf(conn, "%04d", i)
		var b [4]byte
		if _, err := io.ReadFull(conn, b[:]); err != nil {
			t.Fatal(err)
		}
	}
	conn.Close()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	got := rec.Dialogues()
	if len(got) != 1 || len(got[0]) != 2*n {
		t.Fatalf("%d dialogues, the first of %d turns", len(got), len(got[0]))
	}
	for i, turn := range got[0] {
		if want := fmt.Sprintf("%04d", i/2); string(turn.Bytes) != want || turn.Dir != capture.Dir(i%2) {
			t.Fatalf("turn %d: %v %q, want %q", i, turn.Dir, turn.Bytes, want)
		}
	}
}
