//go:build !linux

package sandbox

// Enter does nothing: only Linux has what it needs.
func Enter(Options) (Report, error) { return Report{}, nil }
