package live

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"mailsensor/capture"
)

// ring is one socket with its ring of blocks. All but Release of its blocks is
// done on the reader's goroutine.
type ring struct {
	face   *face
	fd     int
	mem    []byte
	blocks []block
	users  atomic.Int32 // the ring itself, and blocks that are out: at 0 all is given back

	at    int // the block that is read, or is to be read next
	open  bool
	left  uint32 // frames of it that are not read
	frame int    // where in mem the next one's header is

	taken atomic.Uint32 // what used said last, in percent
}

// block is one block of a ring. It is out from when the reader takes it until the
// last reference is gone; only then is it the kernel's again.
type block struct {
	*capture.Block
	out atomic.Bool
}

// Offsets into a block's header, struct tpacket_block_desc (linux/if_packet.h).
const (
	atStatus = 8
	atCount  = 12
	atFirst  = 16
)

// newRing opens a socket that receives nothing yet.
func newRing(f *face, size int, program []bpf.RawInstruction) (*ring, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		if err == unix.EPERM || err == unix.EACCES {
			return nil, ErrPermission
		}
		return nil, fmt.Errorf("socket: %w", err)
	}
	r := &ring{face: f, fd: fd}
	r.users.Store(1)
	if err := r.setUp(size, program); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *ring) setUp(size int, program []bpf.RawInstruction) error {
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("TPACKET_V3: %w", err)
	}
	if err := r.filter(program); err != nil {
		return err
	}
	for n := max(size/blockSize, 2); ; n /= 2 {
		err := r.mapped(n)
		if err == nil {
			return nil
		}
		if err != unix.ENOMEM || n <= 4 {
			return fmt.Errorf("a ring of %d MiB: %w", n*blockSize>>20, err)
		}
	}
}

// mapped makes a ring of n blocks and maps it.
func (r *ring) mapped(n int) error {
	const frame = 1 << 11 // of no meaning in version 3, but checked
	req := unix.TpacketReq3{Block_size: blockSize, Block_nr: uint32(n), Frame_size: frame,
		Frame_nr: uint32(n) * (blockSize / frame), Retire_blk_tov: uint32(retire.Milliseconds())}
	if err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return err
	}
	mem, err := unix.Mmap(r.fd, 0, n*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	r.mem, r.blocks = mem, make([]block, n)
	for i := range r.blocks {
		r.blocks[i].Block = capture.NewBlock(mem[i*blockSize:(i+1)*blockSize], func(*capture.Block) { r.back(i) })
	}
	return nil
}

// back gives block i to the kernel.
func (r *ring) back(i int) {
	atomic.StoreUint32(r.status(i), unix.TP_STATUS_KERNEL)
	r.blocks[i].out.Store(false)
	r.drop()
}

func (r *ring) status(i int) *uint32 { return r.word(i*blockSize + atStatus) }

func (r *ring) word(at int) *uint32 { return (*uint32)(unsafe.Pointer(&r.mem[at])) }

// filled reports whether the kernel has handed over block i and the reader has not
// had it yet.
func (r *ring) filled(i int) bool {
	return !r.blocks[i].out.Load() && atomic.LoadUint32(r.status(i))&unix.TP_STATUS_USER != 0
}

// ready reports whether there is a frame.
func (r *ring) ready() bool {
	for r.left == 0 {
		if r.open {
			r.open = false
			i := r.at
			r.at = (r.at + 1) % len(r.blocks)
			r.publish()
			r.blocks[i].Release()
		}
		if !r.filled(r.at) {
			return false
		}
		b := &r.blocks[r.at]
		b.out.Store(true)
		b.Reuse()
		r.users.Add(1)
		r.open = true
		from := r.at * blockSize
		r.left, r.frame = *r.word(from + atCount), from+int(*r.word(from + atFirst))
	}
	return true
}

func (r *ring) header() *unix.Tpacket3Hdr {
	return (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[r.frame]))
}

// time is that of the frame which is next; ready has said that there is one.
func (r *ring) time() int64 {
	h := r.header()
	return int64(h.Sec)*1e9 + int64(h.Nsec)
}

// take returns the next frame and goes on.
func (r *ring) take() ([]byte, capture.Info) {
	h := r.header()
	info := capture.Info{Time: r.time(), Length: int(h.Len), Link: r.face.link, Block: r.blocks[r.at].Block}
	from := r.frame + int(h.Mac)
	frame := r.mem[from : from+int(h.Snaplen)]
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && r.face.link == capture.LinkEthernet && len(frame) >= addresses {
		frame = retag(r.mem[from-tagSize:from+len(frame)], h)
		info.Length += tagSize
		frame = frame[:min(len(frame), r.face.snap)]
	}
	r.left--
	r.frame += int(h.Next_offset)
	r.face.count(&info)
	return frame, info
}

// A VLAN tag (IEEE 802.1Q) stands behind the two addresses of a frame.
const (
	addresses = 12
	tagSize   = 4
)

// retag puts the tag back that the kernel took out. b is the frame with room for
// the tag in front, which the header of a TPACKET_V3 frame always leaves: the
// address structure before the frame is not used.
func retag(b []byte, h *unix.Tpacket3Hdr) []byte {
	copy(b, b[tagSize:tagSize+addresses])
	tpid := uint16(0x8100)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		tpid = h.Hv1.Vlan_tpid
	}
	tci := uint16(h.Hv1.Vlan_tci)
	b[addresses], b[addresses+1], b[addresses+2], b[addresses+3] = byte(tpid>>8), byte(tpid), byte(tci>>8), byte(tci)
	return b
}

// used is the share of blocks that are full or out. The kernel fills them in
// order, so how far that goes is found by halving.
func (r *ring) used() float64 {
	n := 0
	for i := range r.blocks {
		if r.blocks[i].out.Load() {
			n++
		}
	}
	low, high := 0, len(r.blocks)-n // that many ahead of the reader are full at least, at most
	next := r.at
	if r.open {
		next++
	}
	for low < high {
		mid := (low + high + 1) / 2
		if r.filled((next + mid - 1) % len(r.blocks)) {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return float64(n+low) / float64(len(r.blocks))
}

// publish lets Stats see the books.
func (r *ring) publish() {
	r.taken.Store(uint32(100 * r.used()))
	r.face.publish()
}

// close lets go of the ring; its memory goes when the last block is back.
func (r *ring) close() {
	if r.open {
		r.open, r.left = false, 0
		r.blocks[r.at].Release()
	}
	r.drop()
}

func (r *ring) drop() {
	if r.users.Add(-1) > 0 {
		return
	}
	if r.mem != nil {
		unix.Munmap(r.mem)
	}
	unix.Close(r.fd)
}
