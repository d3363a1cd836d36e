package tcp

import "mailsensor/capture"

// page holds a piece of payload that waits for its turn. Pages of a direction
// are a list in order of sequence numbers and do not overlap.
type page struct {
	next uint32
	seq  uint32
	need uint32 // acknowledgement it came with: what its sender had received
	n    uint32 // octets in its buffer
	cut  uint32 // octets behind them that the snap length took
	at   uint32 // packets of the flow when it came
	ack  bool   // need is set
	end  bool   // the stream ends here
	t    int64  // capture time of its segment
	seen int64  // table time when it came
}

// sentWith notes that octets of the page were also sent with another
// acknowledgement. The lower one counts: the page may hold a retransmission that
// the capture has before the original.
func (p *page) sentWith(s *capture.Segment) {
	if s.Flags&capture.ACK == 0 {
		p.ack = false
	} else if ahead(s.Ack, p.need) < 0 {
		p.need = s.Ack
	}
}

func (p *page) until() uint32 { return p.seq + p.n }

// pagesPerChunk makes a chunk of 64 KiB.
const pagesPerChunk = 32

// pool is the table's supply of pages. Index 0 is no page.
type pool struct {
	pages []page
	bytes []*[pagesPerChunk][PageSize]byte
	free  uint32
	used  int
	max   int
}

func (p *pool) left() int { return p.max - p.used }

func (p *pool) get() uint32 {
	p.used++
	if i := p.free; i != 0 {
		p.free = p.pages[i].next
		return i
	}
	i := len(p.pages)
	if i == 0 {
		i = 1
		p.pages = append(p.pages, page{})
	}
	p.pages = append(p.pages, page{})
	if i/pagesPerChunk >= len(p.bytes) {
		p.bytes = append(p.bytes, new([pagesPerChunk][PageSize]byte))
	}
	return uint32(i)
}

func (p *pool) put(i uint32) {
	p.used--
	p.pages[i].next = p.free
	p.free = i
}

func (p *pool) buf(i uint32) []byte {
	return p.bytes[i/pagesPerChunk][i%pagesPerChunk][:]
}

func (p *pool) payload(i uint32) []byte { return p.buf(i)[:p.pages[i].n] }
