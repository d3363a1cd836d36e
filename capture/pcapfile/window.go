package pcapfile

import (
	"io"

	"mailsensor/capture"
)

// maxEmptyReads is how often in a row a reader may return neither bytes nor
// an error before it is given up.
const maxEmptyReads = 100

// window walks a reader through blocks: data[pos:end] is read and not yet
// consumed. Bytes before pos belong to frames already handed out, bytes from
// end on to nobody, so a block is filled up while its frames are in use.
type window struct {
	r     io.Reader
	pool  *pool
	block *capture.Block
	data  []byte // block.Data
	pos   int
	end   int
	base  int64 // offset in the file of data[0]
	err   error // why there is nothing more to read
}

func (w *window) offset() int64 { return w.base + int64(w.pos) }

// rest is what is left when need has failed.
func (w *window) rest() []byte { return w.data[w.pos:w.end:w.end] }

// need makes data[pos:pos+n] readable, and reports whether it could.
func (w *window) need(n int) bool {
	return w.end-w.pos >= n || w.fill(n)
}

func (w *window) fill(n int) bool {
	for w.end-w.pos < n {
		if w.err != nil {
			return false
		}
		full := w.end == len(w.data)
		if full || w.pos+n > len(w.data) && n <= len(w.data) {
			w.move(n)
		}
		w.read()
	}
	return true
}

// move takes what is not consumed to the start of another block. Where n
// bytes fit no usual block the block doubles, and only when it is full: an
// absurd length in a short file must not cost memory.
func (w *window) move(n int) {
	rest, old := w.data[w.pos:w.end], w.block
	size := w.pool.size
	for size < n && size < 2*len(rest) {
		size *= 2
	}
	b := w.pool.get(size)
	copy(b.Data, rest)
	if old != nil {
		old.Release()
	}
	w.block, w.data = b, b.Data
	w.base += int64(w.pos)
	w.pos, w.end = 0, len(rest)
}

func (w *window) read() {
	for range maxEmptyReads {
		n, err := w.r.Read(w.data[w.end:])
		w.end += n
		w.err = err
		if n > 0 || err != nil {
			return
		}
	}
	w.err = io.ErrNoProgress
}

// release drops the window's own reference; what is not consumed is lost.
func (w *window) release() {
	if w.block != nil {
		w.block.Release()
		w.block, w.data, w.pos, w.end = nil, nil, 0, 0
	}
}
