package live

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"mailsensor/capture"
	"mailsensor/capture/filter"
)

// protocolAll is ETH_P_ALL in network byte order.
var protocolAll = binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL})

// nothing is a program that keeps no frame: while the sockets of a group are not
// all in it, each of them would get every frame.
var nothing = []bpf.RawInstruction{{Op: unix.BPF_RET | unix.BPF_K}}

// program compiles the expression for the kernel.
func program(expr string, link capture.LinkType, snap int) ([]bpf.RawInstruction, error) {
	code, err := filter.CompileSocket(expr, link, uint32(snap))
	if err != nil {
		return nil, err
	}
	return bpf.Assemble(code)
}

func (r *ring) filter(code []bpf.RawInstruction) error {
	raw := make([]unix.SockFilter, len(code))
	for i, c := range code {
		raw[i] = unix.SockFilter{Code: c.Op, Jt: c.Jt, Jf: c.Jf, K: c.K}
	}
	prog := unix.SockFprog{Len: uint16(len(raw)), Filter: (*unix.SockFilter)(unsafe.Pointer(&raw[0]))}
	if err := unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	return nil
}

// bind makes the socket receive from the interface.
func (r *ring) bind(l *Link, promiscuous bool) error {
	if l.Loopback { // every frame is sent and received there: once is enough
		if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			return fmt.Errorf("PACKET_IGNORE_OUTGOING: %w", err)
		}
	}
	if err := unix.Bind(r.fd, &unix.SockaddrLinklayer{Protocol: protocolAll, Ifindex: l.Index}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if promiscuous && !l.Loopback {
		m := unix.PacketMreq{Ifindex: int32(l.Index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(r.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
			return fmt.Errorf("promiscuous mode: %w", err)
		}
	}
	return nil
}

// join puts the sockets into a group among which the kernel deals frames by flow,
// datagrams put together before (packet(7), PACKET_FANOUT).
func join(rings []*ring) error {
	const kind = uint32(unix.PACKET_FANOUT_HASH|unix.PACKET_FANOUT_FLAG_DEFRAG) << 16
	arg := kind | unix.PACKET_FANOUT_FLAG_UNIQUEID<<16
	for i, r := range rings {
		if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, int(int32(arg))); err != nil {
			return fmt.Errorf("fanout: %w", err)
		}
		if i == 0 {
			id, err := unix.GetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
			if err != nil {
				return fmt.Errorf("fanout: %w", err)
			}
			arg = uint32(id)&0xFFFF | kind
		}
	}
	return nil
}
