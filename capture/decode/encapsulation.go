package decode

// Encapsulation is a way in which packets are carried in packets: that of a mirror
// to its collector, or of a network over another.
type Encapsulation uint8

// The encapsulations. What is inside takes the place of the packet: the innermost
// addresses and ports are those of the flow.
const (
	VXLAN  Encapsulation = iota // RFC 7348, and the Generic Protocol Extension
	GENEVE                      // RFC 8926
	GRE                         // RFC 2784 with RFC 2890, and the enhanced one of PPTP (RFC 2637)
	ERSPAN                      // draft-foschiano-erspan, types I, II and III, in GRE
	IPinIP                      // RFC 2003, RFC 2473, RFC 4213
	GTPU                        // 3GPP TS 29.281
	NumEncapsulations
)

var encapsulationNames = [NumEncapsulations]string{"vxlan", "geneve", "gre", "erspan", "ip_in_ip", "gtp_u"}

// String is the name of the encapsulation in the output.
func (e Encapsulation) String() string { return encapsulationNames[e] }

// maxNested bounds how many may stand in one another.
const maxNested = 8

// enter goes on with the packet within, whose wrapping is taken off. A VLAN tag of
// the wrapping is none of the packet.
func (d *Decoder) enter(e Encapsulation, inside layer) layer {
	p := &d.packet
	if p.nested++; p.nested > maxNested {
		return p.end(TooDeep)
	}
	d.carried[e]++
	p.vlan = 0
	return inside
}

// within names the layer behind a protocol type of GRE or GENEVE; layerNone: not
// one that is read.
func within(t uint16) layer {
	switch t {
	case typeBridged:
		return layerEthernet
	case typeIPv4:
		return layerIPv4
	case typeIPv6:
		return layerIPv6
	case typeMPLS, typeMPLSMany:
		return layerMPLS
	}
	return layerNone
}
