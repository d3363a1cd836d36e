//go:build !linux

package doctor

import "mailsensor/capture/live"

// Host says that only files can be looked at.
func Host() []Finding { return []Finding{bad("", "%v", live.ErrUnsupported)} }

// Link has nothing to say that Host has not said.
func Link(string) []Finding { return nil }
