// Package decode turns a captured frame into a TCP segment: addresses, ports,
// sequence numbers and payload. It exists because every packet passes here, so
// headers are read in place, by hand, and nothing is allocated.
//
// Decoding is a loop over layers. Each layer takes its header off the front of
// the packet and names the layer that follows; an encapsulation is one more layer
// that leads back to Ethernet or IP, under a bound of nesting of its own.
//
// Ownership: a segment's Payload borrows from the frame, with the frame's
// lifetime, except where IP fragments were put together: that payload has its own
// memory, which the decoder never touches again. A Decoder is for one goroutine.
package decode

import "mailsensor/capture"

// Options say how frames are read. The zero value suits most captures.
type Options struct {
	// Checksums drops segments whose IPv4 header or TCP checksum is wrong. A
	// capture made on one of the hosts that talk holds packets whose checksum the
	// network card has yet to fill in, hence it is off unless asked for.
	Checksums bool
	// VLANAware makes the innermost VLAN id part of the flow key. Routed mirrors
	// show the two directions of a flow in different VLANs, hence off by default.
	VLANAware bool
	Seed      uint64 // of the flow hash
}

// Result says what a frame was.
type Result uint8

// The results. Only with TCP is the segment filled in.
const (
	TCP         Result = iota
	NotTCP             // IP, with another protocol in it
	NotIP              // no IP in it, or in a wrapping that is not read
	Fragment           // part of a datagram that is not complete, or no use
	Truncated          // cut by the snap length within the headers
	Malformed          // headers that contradict themselves
	BadChecksum        // only with Options.Checksums
	TooDeep            // more layers, tags, labels or extension headers than are followed
	UnknownLink        // a link type that is not read
	NumResults
)

var resultNames = [NumResults]string{"tcp", "not_tcp", "not_ip", "fragment", "truncated", "malformed",
	"bad_checksum", "too_deep", "unknown_link"}

// String is the name of the result in the output.
func (r Result) String() string { return resultNames[r] }

// Stats counts what a Decoder saw.
type Stats struct {
	Frames    [NumResults]uint64 // by Result
	Fragments FragmentStats
	Carried   [NumEncapsulations]uint64 // a frame counts in each encapsulation that it came in
}

// Decoder decodes frames.
type Decoder struct {
	opt    Options
	packet packet
	frags  defragmenter
	frames [NumResults]uint64

	carried [NumEncapsulations]uint64
}

// New returns a Decoder.
func New(opt Options) *Decoder { return &Decoder{opt: opt, frags: newDefragmenter()} }

// Stats returns the counters so far.
func (d *Decoder) Stats() Stats {
	return Stats{Frames: d.frames, Fragments: d.frags.result(), Carried: d.carried}
}

// packet is the frame at hand, as far as its outer layers are taken off.
type packet struct {
	b      []byte // captured bytes from the next layer on
	wire   int    // how many there were on the wire, never less than len(b)
	addrs  []byte // source and destination address: 8 bytes of IPv4 or 32 of IPv6
	time   int64
	id     uint32
	vlan   uint16
	proto  uint8 // IP protocol, or next header, of what follows
	ttl    uint8
	exts   uint8 // IPv6 extension headers gone by
	result Result

	nested uint8 // encapsulations gone by
}

// layer names what comes next in a packet.
type layer uint8

const (
	layerNone layer = iota // the end: packet.result says how it went
	layerEthernet
	layerPPP
	layerPPPoE
	layerMPLS
	layerIP // version 4 or 6, by its first nibble
	layerIPv4
	layerIPv6
	layerIPv6Next // an extension header or the transport
	layerTCP
	layerUDP
	layerGRE
)

// maxLayers bounds the layers of one frame: room for the encapsulations, of four
// layers at most each.
const maxLayers = 4*maxNested + 16

// Decode reads a frame into seg, which is complete if the result is TCP and
// meaningless otherwise. index is the frame's place in the capture.
func (d *Decoder) Decode(frame []byte, info *capture.Info, index uint64, seg *capture.Segment) Result {
	if info.Link == capture.LinkEthernet && d.plain(frame, seg) {
		d.packet.result = TCP
		return d.finish(info, index, seg)
	}
	return d.layers(frame, info, index, seg)
}

// layers takes them off one by one.
func (d *Decoder) layers(frame []byte, info *capture.Info, index uint64, seg *capture.Segment) Result {
	p := &d.packet
	// Field by field: the fields that a layer always sets need no clearing, and a
	// whole packet built aside and copied took a quarter of the time.
	p.b, p.wire, p.time, p.vlan = frame, max(info.Length, len(frame)), info.Time, 0
	p.nested = 0
	next := d.link(info.Link)
	for range maxLayers {
		switch next {
		case layerIPv4:
			next = d.ipv4()
		case layerTCP:
			next = d.tcp(seg)
		case layerEthernet:
			next = p.ethernet()
		case layerIPv6:
			next = d.ipv6()
		case layerIPv6Next:
			next = d.ipv6Next()
		case layerIP:
			next = p.ip()
		case layerPPP:
			next = p.ppp()
		case layerPPPoE:
			next = p.pppoe()
		case layerMPLS:
			next = p.mpls()
		case layerUDP:
			next = d.udp()
		case layerGRE:
			next = d.gre()
		default:
			return d.finish(info, index, seg)
		}
	}
	if next != layerNone {
		p.result = TooDeep
	}
	return d.finish(info, index, seg)
}

func (d *Decoder) finish(info *capture.Info, index uint64, seg *capture.Segment) Result {
	r := d.packet.result
	if r == TCP {
		seg.Time, seg.Index = info.Time, index
	}
	d.frames[r]++
	return r
}

// end stops the loop with a result.
func (p *packet) end(r Result) layer {
	p.result = r
	return layerNone
}

// short ends at a header of which n bytes are needed and not there: cut by the
// snap length, or never sent.
func (p *packet) short(n int) layer {
	if p.wire >= n {
		return p.end(Truncated)
	}
	return p.end(Malformed)
}

// strip takes n bytes off the front; the caller has checked that they are there.
func (p *packet) strip(n int) {
	p.b = p.b[n:]
	p.wire -= n
}

// limit says that the layer is n bytes long on the wire, so that what follows is
// padding of an outer layer.
func (p *packet) limit(n int) {
	p.wire = n
	if len(p.b) > n {
		p.b = p.b[:n]
	}
}
