package pcapfile

import (
	"bytes"
	"io"
	"sync"
	"testing"

	"mailsensor/capture"
)

// held is a frame a consumer keeps, and what it was when it was read.
type held struct {
	frame []byte
	want  string
	block *capture.Block
}

// A retained frame stays as it was, whatever is read meanwhile, and blocks go
// back from other goroutines.
func TestRetainedFramesStay(t *testing.T) {
	packets := randomPackets(testRand(11), 5000, 1000, 300)
	f := newFile("test", bytes.NewReader(smallPcap(packets...)), newPool(1024))
	var kept []held
	var letGo sync.WaitGroup
	check := func(batch []held) {
		for _, h := range batch {
			if string(h.frame) != h.want {
				t.Error("a retained frame has changed")
			}
			h.block.Release()
		}
	}
	r := testRand(12)
	for {
		frame, info, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if cap(frame) != len(frame) {
			t.Fatal("appending to a frame would overwrite the next")
		}
		info.Block.Retain()
		kept = append(kept, held{frame, string(frame), info.Block})
		if r.IntN(100) == 0 {
			batch := kept
			kept = nil
			letGo.Go(func() { check(batch) })
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	letGo.Wait()
	check(kept)
	if n := len(f.win.pool.free); n == 0 || n > maxFree {
		t.Errorf("%d blocks on the free list", n)
	}
}

// Whoever keeps nothing makes two blocks do for a whole file.
func TestBlocksAreReused(t *testing.T) {
	f := newFile("test", bytes.NewReader(smallPcap(randomPackets(testRand(1), 5000, 1000, 300)...)), newPool(1024))
	blocks := map[*capture.Block]bool{}
	for {
		_, info, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		blocks[info.Block] = true
	}
	if len(blocks) != 2 {
		t.Errorf("%d blocks used, want 2", len(blocks))
	}
}
