package capture

import "sync/atomic"

// Block is a run of captured bytes from which frames are slices. It is shared
// by reference count, so that frames cross goroutines without a copy: a Source
// holds one reference while it fills and walks the block, and every batch that
// keeps frames of it holds one more. At zero the block goes back to its source.
type Block struct {
	Data []byte

	refs atomic.Int32
	free func(*Block)
}

// NewBlock returns a block over data with one reference, held by the caller.
// free is called, on whichever goroutine lets go last, when the count reaches
// zero; it may reuse the block after calling Reuse.
func NewBlock(data []byte, free func(*Block)) *Block {
	b := &Block{Data: data, free: free}
	b.refs.Store(1)
	return b
}

// Retain adds a reference.
func (b *Block) Retain() { b.refs.Add(1) }

// Release drops a reference.
func (b *Block) Release() {
	switch n := b.refs.Add(-1); {
	case n == 0 && b.free != nil:
		b.free(b)
	case n < 0:
		panic("capture: block released more often than retained")
	}
}

// Reuse gives a free block its first reference again.
func (b *Block) Reuse() { b.refs.Store(1) }
