// Package pcapfile reads frames out of capture files: classic pcap and pcapng,
// as they are or inside gzip or zstd, one file or many in the order of time.
// It exists because the walk over a file must cost less than what is done with
// its frames, which rules out a copy, a call or an allocation per packet.
//
// Ownership: a file is read with plain reads into blocks, and a frame is a
// slice of such a block, named in its capture.Info. It is good until the next
// call of Next, and for longer only for who retains the block before that. A
// block that nobody holds any more is filled again.
//
// A Source and a File belong to one goroutine; only BytesRead may be called
// from another.
package pcapfile

import (
	"encoding/hex"
	"errors"
	"io"
	"strconv"
)

const (
	// blockSize is small enough for a block to be still in the cache of the
	// core that the kernel copied it with, and big enough that a read is rare.
	blockSize = 256 << 10

	// maxFrame bounds a frame whose file states no snap length. The longest
	// that a wire or an offload makes is below 1 MiB.
	maxFrame = 16 << 20

	// minFrameLimit is what a record may hold whatever snap length its file
	// states: merged and edited files often state too little. It is the snap
	// length tcpdump uses by default.
	minFrameLimit = 256 << 10
)

// What can be wrong with a file. An Error is one of these, or wraps the error
// of the operating system.
var (
	ErrNotCapture = errors.New("not a capture")
	ErrEmpty      = errors.New("empty")
	ErrDamaged    = errors.New("damaged")
)

// Error is what ended the reading of a file before its end.
type Error struct {
	Name   string
	Offset int64 // in the file, or in what came out of decompression; -1: the file was never read
	What   string
	Kind   error
}

func (e *Error) Error() string {
	if e.Offset < 0 {
		return "pcapfile: " + e.Name + ": " + e.What
	}
	return "pcapfile: " + e.Name + ": offset " + strconv.FormatInt(e.Offset, 10) + ": " + e.What
}

func (e *Error) Unwrap() error { return e.Kind }

// notCapture names the bytes a file begins with, so that the reader of the
// message sees what was taken for a capture.
func notCapture(name string, begin []byte) *Error {
	return &Error{Name: name, Kind: ErrNotCapture, What: "not a capture, begins with " + hex.EncodeToString(begin)}
}

// frameLimit is the length from which a record is taken for damage.
func frameLimit(snapLen uint32) uint32 {
	if snapLen == 0 {
		return maxFrame // no limit stated
	}
	return min(max(snapLen, minFrameLimit), maxFrame)
}

// cutShort reports whether err says that the bytes ended, and not that they
// could not be had.
func cutShort(err error) bool {
	return err == io.EOF || err == io.ErrUnexpectedEOF
}
