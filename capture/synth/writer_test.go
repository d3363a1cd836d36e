package synth

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"mailsensor/capture"

	"github.com/google/gopacket/pcapgo"
)

func TestWriterIsReadBack(t *testing.T) {
	frames := FromDialogue(config4, 1_700_000_000_123_456_789, turns())
	frames[2].Wire = 500
	for _, res := range []Resolution{Micro, Nano} {
		var file bytes.Buffer
		if err := WriteAll(&file, frames, res); err != nil {
			t.Fatal(err)
		}
		r, err := pcapgo.NewReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range frames {
			b, info, err := r.ReadPacketData()
			if err != nil {
				t.Fatal(err)
			}
			want := frames[i].Time / int64(res) * int64(res)
			if info.Timestamp.UnixNano() != want || !bytes.Equal(b, frames[i].Bytes) || info.Length != frames[i].Length() {
				t.Fatalf("frame %d at resolution %d: %d bytes of %d at %v", i, res, len(b), info.Length, info.Timestamp)
			}
		}
		if _, _, err := r.ReadPacketData(); err != io.EOF {
			t.Errorf("behind the last frame: %v", err)
		}
	}
}

func TestWriterCountsItsBytes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.pcap")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f, capture.LinkEthernet, Nano)
	if err != nil {
		t.Fatal(err)
	}
	c := New(config4, func(now int64, frame []byte) {
		if err := w.Write(now, frame, 0); err != nil {
			t.Fatal(err)
		}
	})
	c.Send(capture.ToServer, 1, text(3<<20))
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if st, _ := f.Stat(); st.Size() != w.Bytes() {
		t.Errorf("%d bytes in the file, %d counted", st.Size(), w.Bytes())
	}
}

func TestWriteAllRefusesTwoLinkTypes(t *testing.T) {
	frames := []Frame{{Link: capture.LinkEthernet}, {Link: capture.LinkRaw}}
	if err := WriteAll(io.Discard, frames, Nano); err == nil {
		t.Error("no error")
	}
}

func TestLoadIsTheInverseOfSource(t *testing.T) {
	want, _ := sample(4)
	want[3].Wire = 2000
	got, err := Load(NewSource(want))
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d frames of %d, %v", len(got), len(want), err)
	}
	for i := range want {
		if got[i].Time != want[i].Time || got[i].Link != want[i].Link || got[i].Wire != want[i].Wire || !bytes.Equal(got[i].Bytes, want[i].Bytes) {
			t.Fatalf("frame %d is another", i)
		}
	}
}
