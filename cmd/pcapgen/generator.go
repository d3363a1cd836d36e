package main

import (
	"container/heap"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

const (
	epoch    = 1_767_322_800_000_000_000 // 2026-01-02 03:00 UTC, the time of the first frame
	accounts = 500

	// attachmentShare is the share of what is said that must be attachments
	// for a quarter of the file to be: headers of frames and records, and the
	// acknowledgements, take the rest.
	attachmentShare = 0.25 * 1.075
	usualSession    = 150_000 // bytes; balances the kinds before any has ended
)

// kind is one of the protocols that share a capture.
type kind struct {
	weight   float64
	ports    []uint16
	open     int
	begun    *int
	bytes    *int64 // of the file
	said     int64  // octets of streams, sent or waiting
	attached int64
	session  func(*flow) session
}

// generator writes one capture.
type generator struct {
	opt      options
	rng      *rand.Rand
	w        *synth.Writer
	err      error
	corpus   *corpus
	truth    truth
	kinds    []*kind
	last     int64 // time of the latest frame
	waiting  int64 // octets said and not yet sent
	reorder  int   // segments that are to come late
	open     int
	messages int
	text     []byte // the message being made
	body     map[mailID]bool
	headers  map[mailID]bool
}

// mailID is a message that IMAP sessions fetch.
type mailID struct{ account, uid int }

func generate(opt options, out io.Writer) (truth, error) {
	w, err := synth.NewWriter(out, capture.LinkEthernet, synth.Micro)
	if err != nil {
		return truth{}, err
	}
	rng := rand.New(rand.NewPCG(opt.Seed, 0))
	g := &generator{
		opt: opt, rng: rng, w: w, corpus: newCorpus(rng), last: epoch,
		body: make(map[mailID]bool), headers: make(map[mailID]bool),
	}
	g.truth.Mix, g.truth.Seed = opt.Mix, opt.Seed
	switch opt.Mix {
	case "idle":
		g.idle()
	case "synflood":
		g.synflood()
	default:
		g.bulk()
	}
	if g.err == nil {
		g.err = w.Flush()
	}
	g.truth.Bytes = w.Bytes()
	g.countFetched()
	return g.truth, g.err
}

// countFetched counts the distinct messages that were downloaded.
func (g *generator) countFetched() {
	g.truth.IMAP.MessagesDownloaded = len(g.body)
	for id := range g.headers {
		if !g.body[id] {
			g.truth.IMAP.MessagesHeadersOnly++
		}
	}
}

// smtp, imap and tls are the kinds, with their share of the bytes.
func (g *generator) smtp(weight float64) *kind {
	return &kind{weight: weight, ports: []uint16{25, 587}, begun: &g.truth.SMTP.Connections, bytes: &g.truth.SMTP.FileBytes, session: newSMTP}
}

func (g *generator) imap(weight float64) *kind {
	return &kind{weight: weight, ports: []uint16{143}, begun: &g.truth.IMAP.Connections, bytes: &g.truth.IMAP.FileBytes, session: newIMAP}
}

func (g *generator) tls(weight float64) *kind {
	return &kind{weight: weight, ports: []uint16{993, 465, 443}, begun: &g.truth.TLS.Connections, bytes: &g.truth.TLS.FileBytes, session: newTLS}
}

// download is TLS of the web, of which nothing is of interest.
func (g *generator) download(weight float64) *kind {
	return &kind{weight: weight, ports: []uint16{443}, begun: &g.truth.TLS.Connections, bytes: &g.truth.TLS.FileBytes, session: newDownload}
}

// bulk keeps a number of connections talking until the file is full; where one
// ends another begins.
func (g *generator) bulk() {
	switch g.opt.Mix {
	case "mail":
		g.kinds = []*kind{g.smtp(0.5), g.imap(0.5)}
	case "mixed":
		g.kinds = []*kind{g.smtp(0.15), g.imap(0.15), g.tls(0.7)}
	case "tls":
		g.kinds = []*kind{g.tls(1)}
	case "download":
		g.kinds = []*kind{g.download(1)}
	}
	n := g.opt.Connections
	if n == 0 {
		n = 2000
	}
	var q queue
	for i := range n {
		f := g.begin(g.next())
		f.due = epoch + int64(i)*opening
		q = append(q, f)
	}
	heap.Init(&q)
	for len(q) > 0 && g.err == nil {
		f := q[0]
		if g.step(f); f.state != over {
			heap.Fix(&q, 0)
			continue
		}
		heap.Pop(&q)
		if !g.full() {
			f := g.begin(g.next())
			f.due = g.last + g.rng.Int64N(thinking)
			heap.Push(&q, f)
		}
	}
}

// full reports whether the file will have its size when everything that waits
// is sent.
func (g *generator) full() bool { return g.w.Bytes()+g.waiting >= int64(g.opt.Size) }

// next is the kind that is furthest behind.
func (g *generator) next() *kind {
	best := g.kinds[0]
	for _, k := range g.kinds {
		if k.planned() < best.planned() {
			best = k
		}
	}
	return best
}

func (k *kind) planned() float64 { return float64(*k.bytes+int64(k.open)*usualSession) / k.weight }

// ahead is how much more of the file the kind has than it should: above 1 its
// connections are slowed down.
func (g *generator) ahead(k *kind) float64 {
	share := float64(*k.bytes+1) / float64(g.w.Bytes()) / k.weight
	return min(max(share*share*share, 0.2), 5)
}

// begin makes the next connection.
func (g *generator) begin(k *kind) *flow {
	n := g.truth.Connections
	g.truth.Connections++
	*k.begun++
	k.open++
	f := &flow{g: g, kind: k, account: g.rng.IntN(accounts)}
	f.conv = synth.New(synth.Config{
		Client:   netip.AddrPortFrom(clientAddr(n), clientPort(n)),
		Server:   netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + f.account%3)}), k.ports[n%len(k.ports)]),
		ISN:      [2]uint32{g.rng.Uint32(), g.rng.Uint32()},
		AckEvery: 2 + n%3,
	}, f.emit)
	f.session = k.session(f)
	return f
}

// clients is the number of client addresses; each uses another port in every
// round.
const clients = 1 << 16

func clientPort(n int) uint16 { return uint16(32768 + n/clients%28000) }

func clientAddr(n int) netip.Addr {
	n %= clients
	return netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)})
}

// write puts a frame into the file. Time never runs backwards.
func (g *generator) write(t int64, frame []byte) {
	if g.err != nil {
		return
	}
	g.last = max(g.last, t)
	g.truth.Packets++
	if err := g.w.Write(g.last, frame, 0); err != nil {
		g.err = fmt.Errorf("writing: %w", err)
	}
}
