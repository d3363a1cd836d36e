//go:build !linux

package live

import "mailsensor/capture"

// Source cannot be had on this system.
type Source struct{}

// Link cannot be had on this system.
type Link struct{}

// Open returns ErrUnsupported.
func Open(Options) (*Source, error) { return nil, ErrUnsupported }

// Next returns ErrUnsupported.
func (*Source) Next() ([]byte, capture.Info, error) { return nil, capture.Info{}, ErrUnsupported }

// Pressure is 0.
func (*Source) Pressure() float64 { return 0 }

// Stats is empty.
func (*Source) Stats() Stats { return Stats{} }

// Close does nothing.
func (*Source) Close() error { return nil }
