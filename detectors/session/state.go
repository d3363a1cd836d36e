package session

import (
	"net/netip"

	"mailsensor/detectors/codec"
)

var format = codec.Format{Name: "sessions", Version: 1}

// AppendState appends what outlives connections, which end with the process: who is a
// proxy, and the last number that a session was given; in the form of
// detectors.Learner.
func (t *Tracker) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		return codec.Table(codec.U64(b, t.last), t.proxies, func(b []byte, k netip.Addr, _ *struct{}) []byte { return codec.Addr(b, k) })
	})
}

// LoadState takes over what AppendState wrote. After an error, which is one of codec,
// nothing has changed.
func (t *Tracker) LoadState(src []byte) error {
	n := New(t.trusted)
	return codec.Load(t, n, format, src, func(r *codec.Reader) {
		n.last = r.U64()
		codec.ReadTable(r, n.proxies, r.Addr, func(netip.Addr, *struct{}) {})
	})
}
