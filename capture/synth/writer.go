package synth

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"mailsensor/capture"
)

// Resolution is the unit of a capture's time stamps, in nanoseconds.
type Resolution int64

// The two resolutions of classic pcap.
const (
	Micro Resolution = 1000
	Nano  Resolution = 1
)

const (
	magicMicro  = 0xA1B2C3D4
	magicNano   = 0xA1B23C4D
	snapLength  = 1 << 18 // what tcpdump writes by default
	writeBuffer = 1 << 20
	second      = 1e9
)

// Writer writes a classic pcap file, little-endian.
type Writer struct {
	w   *bufio.Writer
	res Resolution
	n   int64
}

// NewWriter writes the file header. The Writer is to be flushed at the end.
func NewWriter(w io.Writer, link capture.LinkType, res Resolution) (*Writer, error) {
	out := &Writer{w: bufio.NewWriterSize(w, writeBuffer), res: res}
	magic := uint32(magicMicro)
	if res == Nano {
		magic = magicNano
	}
	var h [24]byte
	binary.LittleEndian.PutUint32(h[0:], magic)
	binary.LittleEndian.PutUint16(h[4:], 2) // version 2.4
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], snapLength)
	binary.LittleEndian.PutUint32(h[20:], uint32(link))
	out.n = int64(len(h))
	_, err := out.w.Write(h[:])
	return out, err
}

// Write appends a frame; wire is its length on the wire, 0 when it is whole.
func (w *Writer) Write(t int64, frame []byte, wire int) error {
	var h [16]byte
	binary.LittleEndian.PutUint32(h[0:], uint32(t/second))
	binary.LittleEndian.PutUint32(h[4:], uint32(t%second/int64(w.res)))
	binary.LittleEndian.PutUint32(h[8:], uint32(len(frame)))
	binary.LittleEndian.PutUint32(h[12:], uint32(max(wire, len(frame))))
	w.n += int64(len(h) + len(frame))
	if _, err := w.w.Write(h[:]); err != nil {
		return err
	}
	_, err := w.w.Write(frame)
	return err
}

// Bytes is the size of the file so far.
func (w *Writer) Bytes() int64 { return w.n }

// Flush hands what is buffered to the underlying writer.
func (w *Writer) Flush() error { return w.w.Flush() }

// WriteAll writes a capture of the frames, which must be of one link type.
func WriteAll(w io.Writer, frames []Frame, res Resolution) error {
	link := capture.LinkEthernet
	if len(frames) > 0 {
		link = frames[0].Link
	}
	out, err := NewWriter(w, link, res)
	if err != nil {
		return err
	}
	for i := range frames {
		f := &frames[i]
		if f.Link != link {
			return fmt.Errorf("synth: frame %d has link type %d in a capture of link type %d", i, f.Link, link)
		}
		if err := out.Write(f.Time, f.Bytes, f.Wire); err != nil {
			return err
		}
	}
	return out.Flush()
}

// WriteFile writes the frames to a capture file with nanosecond time stamps.
func WriteFile(name string, frames []Frame) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := WriteAll(f, frames, Nano); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
