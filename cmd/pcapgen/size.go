package main

import (
	"fmt"
	"strconv"
	"strings"
)

// size is a number of bytes, written with or without a decimal unit.
type size int64

// UnmarshalText reads 500, 64KB, 100MB or 4GB.
func (s *size) UnmarshalText(b []byte) error {
	text := strings.ToUpper(string(b))
	unit := int64(1)
	for _, u := range []struct {
		name string
		n    int64
	}{{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}} {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			text, unit = rest, u.n
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) || n*float64(unit) > 1e15 {
		return fmt.Errorf("%q is no size such as 500MB or 1GB", b)
	}
	*s = size(n * float64(unit))
	return nil
}
