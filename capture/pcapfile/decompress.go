package pcapfile

import (
	"bufio"
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// compressedBuffer is how much compressed input is read at once.
	compressedBuffer = 64 << 10

	// maxWindow bounds the memory a zstd frame may ask for: what the zstd
	// program itself accepts without being told otherwise.
	maxWindow = 128 << 20
)

func isGzip(b []byte) bool { return len(b) >= 2 && b[0] == 0x1f && b[1] == 0x8b }

// isZstd knows the frame and the skippable frame, which tools that compress in
// parallel put first (RFC 8878, sections 3.1.1 and 3.1.2).
func isZstd(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	frame := b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd
	skippable := b[0]&0xf0 == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18
	return frame || skippable
}

// decompress looks at how r begins and returns a reader of what is inside, or
// the bytes of r as they are. closing frees what the decompressor holds.
func decompress(r io.Reader) (inside io.Reader, compressed bool, closing func(), err error) {
	var magic [4]byte
	n, err := io.ReadFull(r, magic[:])
	if err != nil && !cutShort(err) {
		return nil, false, nil, err
	}
	all := io.MultiReader(bytes.NewReader(magic[:n]), r)
	nothing := func() {}
	switch {
	case isGzip(magic[:n]):
		z, err := gzip.NewReader(bufio.NewReaderSize(all, compressedBuffer))
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // the magic was there
		}
		return z, true, nothing, err
	case isZstd(magic[:n]):
		z, err := zstd.NewReader(bufio.NewReaderSize(all, compressedBuffer),
			zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, true, nil, err
		}
		return z, true, z.Close, nil
	}
	return all, false, nothing, nil
}

// counter counts the bytes of the file itself and keeps its error, to tell a
// file that cannot be read from one whose compressed data is damaged.
type counter struct {
	r   io.Reader
	add func(int64)
	err error
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.add(int64(n))
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
