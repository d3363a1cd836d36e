package pcapfile

import (
	"sync"

	"mailsensor/capture"
)

// maxFree bounds the blocks kept for reuse. More than that are in flight only
// when a consumer has fallen far behind; the rest goes to the collector.
const maxFree = 64

// pool hands out blocks and takes them back from whichever goroutine lets go
// of them last.
type pool struct {
	size int // of the blocks that are kept

	mu   sync.Mutex
	free []*capture.Block
}

func newPool(size int) *pool {
	return &pool{size: size, free: make([]*capture.Block, 0, maxFree)}
}

// get returns a block of at least size bytes with one reference. Blocks
// bigger than usual serve a single huge frame and are not kept.
func (p *pool) get(size int) *capture.Block {
	if size > p.size {
		return capture.NewBlock(make([]byte, size), nil)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.free) - 1
	if last < 0 {
		return capture.NewBlock(make([]byte, p.size), p.put)
	}
	b := p.free[last]
	p.free = p.free[:last]
	b.Reuse()
	return b
}

func (p *pool) put(b *capture.Block) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < maxFree {
		p.free = append(p.free, b)
	}
}
