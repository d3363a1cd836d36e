package tcp

// Sequence numbers live on a circle of 2^32 (RFC 9293, section 3.4): what
// orders two of them is the sign of their difference, and it is meaningful
// while they are less than 2^31 apart.

// ahead is how far a stands before b; negative when it stands behind.
func ahead(a, b uint32) int32 { return int32(a - b) }

// How far from the expected place a segment may claim to be.
const (
	// maxJump is the largest hole that a single segment is believed. It covers
	// the window of any mail server; a jump beyond it is a foreign segment
	// until several agree with one another.
	maxJump = 1 << 26
	// nearRST bounds where a reset is believed (RFC 5961, section 3, which is
	// stricter; a tap may be behind the endpoints by what it lost).
	nearRST = 1 << 20
	// resyncAfter is how many segments beyond maxJump have to agree.
	resyncAfter = 4
	// maxGap is the most that one call of Gap reports, so that the length
	// fits an int of 32 bits.
	maxGap = 1 << 30
)
