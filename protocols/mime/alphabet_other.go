//go:build !amd64

package mime

// countWide takes nothing where the processor has no help to offer.
func countWide(b []byte) (n uint64, rest []byte) { return 0, b }
