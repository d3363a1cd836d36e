//go:build !race

package smtp

// raceDetector says that the tests run under the race detector, which makes them
// slow and allocates.
const raceDetector = false
