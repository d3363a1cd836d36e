package main

import (
	"os"
	"runtime/pprof"
)

// profile writes where the processor's time goes to a file, until it is ended; "" is
// none. `make pgo` makes default.pgo of such profiles, by which the compiler then
// chooses what to inline.
func profile(name string) (end func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}
