package protocols

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"

	"mailsensor/capture"
)

// protoTCP is the IP protocol number of every connection here.
const protoTCP = 6

// AppendCommunityID appends the Community ID of c, version 1 with seed 0: the
// name that other sensors give the same connection, whichever side they call
// the client. It is the base64 of the SHA-1 over seed, smaller endpoint, larger
// endpoint, protocol and ports, all in network byte order
// (https://github.com/corelight/community-id-spec).
func AppendCommunityID(dst []byte, c capture.Conn) []byte {
	low, high := c.Client, c.Server
	la, ha := low.Addr().Unmap(), high.Addr().Unmap()
	if d := la.Compare(ha); d > 0 || d == 0 && low.Port() > high.Port() {
		low, high, la, ha = high, low, ha, la
	}
	var room [2 + 16 + 16 + 2 + 4]byte
	b := room[:2] // the seed, 0
	if la.Is4() && ha.Is4() {
		l, h := la.As4(), ha.As4()
		b = append(append(b, l[:]...), h[:]...)
	} else {
		l, h := la.As16(), ha.As16()
		b = append(append(b, l[:]...), h[:]...)
	}
	b = append(b, protoTCP, 0)
	b = binary.BigEndian.AppendUint16(b, low.Port())
	b = binary.BigEndian.AppendUint16(b, high.Port())
	sum := sha1.Sum(b)
	return base64.StdEncoding.AppendEncode(append(dst, '1', ':'), sum[:])
}
