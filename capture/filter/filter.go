// Package filter compiles the filter language of tcpdump to classic BPF, so that
// a capture file is cut down by the same program that the kernel would run on a
// socket. It exists because libpcap, which has the other compiler, is not linked.
//
// Read are "and", "or", "not", "&&", "||", "!" and parentheses over
//
//	[ip|ip6|arp|rarp|ether] [src|dst|src or dst|src and dst] [host] ADDRESS
//	[ip|ip6|arp|rarp] [src|dst|...] net NET, NET/LENGTH or NET mask MASK
//	[tcp|udp|sctp] [src|dst|...] port PORT, portrange PORT-PORT
//	[ip|ip6] proto NUMBER or NAME
//	ip, ip6, arp, rarp, tcp, udp, sctp, icmp, icmp6
//	vlan [ID], mpls [LABEL], pppoes [SESSION], less LENGTH, greater LENGTH
//
// with libpcap's meaning: "and" and "or" bind alike and from the left, "not"
// binds closer, an operand without qualifiers takes those of the one before ("port
// 25 or 143"). "vlan", "mpls" and "pppoes" look at the frame as far as it is taken
// apart and move everything that is written behind them, across "or" too, into
// what they carry: on tagged traffic "tcp port 25" finds nothing, "vlan and tcp
// port 25" does, and "port 25 or (vlan and port 25)" finds both, in that order only.
// On a link type that has no place for them they are false and move nothing.
// "port" on IPv4 looks at first fragments only; on IPv6 it does not look behind
// extension headers. "less" and "greater" compare the captured length. Of packets
// in packets (VXLAN, GRE and the like) the outermost is looked at.
//
// There are no host names; of port names only those of mail. Frames are
// borrowed for the call. A Program is for one goroutine.
package filter

import (
	"fmt"

	"golang.org/x/net/bpf"

	"mailsensor/capture"
)

// The bounds of an expression. The kernel takes no longer program.
const (
	maxLength       = 16 << 10
	maxDepth        = 64
	maxInstructions = 4096
)

// accept is what a program returns for a match: the bytes to keep, which is all.
const accept = 0x40000

// Error says where an expression is wrong.
type Error struct {
	Pos  int // of the first byte, from 0
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("filter: at character %d: %s", e.Pos+1, e.Text) }

// Compile translates an expression for frames of a link type.
func Compile(expr string, link capture.LinkType) ([]bpf.Instruction, error) {
	root, err := parse(expr, link)
	if err != nil {
		return nil, err
	}
	return finish(assemble(root))
}

func parse(expr string, link capture.LinkType) (node, error) {
	tokens, err := scan(expr)
	if err != nil {
		return nil, err
	}
	place, ok := start(link)
	if !ok {
		return nil, fmt.Errorf("filter: link type %d is not supported", link)
	}
	p := parser{tokens: tokens, place: place}
	return p.program()
}

func finish(code []bpf.Instruction) ([]bpf.Instruction, error) {
	if len(code) > maxInstructions {
		return nil, &Error{Text: fmt.Sprintf("the expression needs %d instructions, more than %d", len(code), maxInstructions)}
	}
	return code, nil
}

// Program is an expression that is compiled for every link type when the first
// frame of that type comes.
type Program struct {
	expr string
	last capture.LinkType
	vm   *bpf.VM // for last
	vms  map[capture.LinkType]*bpf.VM
}

// New checks an expression.
func New(expr string) (*Program, error) {
	p := &Program{expr: expr, vms: map[capture.LinkType]*bpf.VM{}}
	if _, err := Compile(expr, capture.LinkEthernet); err != nil {
		return nil, err
	}
	p.use(capture.LinkEthernet)
	return p, nil
}

// Match reports whether a frame passes. One of a link type that is not supported
// does not.
func (p *Program) Match(frame []byte, link capture.LinkType) bool {
	if link != p.last {
		p.use(link)
	}
	if p.vm == nil {
		return false
	}
	n, err := p.vm.Run(frame)
	return err == nil && n != 0
}

func (p *Program) use(link capture.LinkType) {
	vm, known := p.vms[link]
	if !known {
		if code, err := Compile(p.expr, link); err == nil {
			vm, _ = bpf.NewVM(code) // nil on an error, which TestEveryProgramRuns excludes
		}
		p.vms[link] = vm
	}
	p.last, p.vm = link, vm
}
