//go:build !linux

package main

// adviseHeap does nothing: huge pages are asked for on Linux alone.
func adviseHeap() {}
