package session

import (
	"net/netip"

	"mailsensor/detectors/codec"
)

const (
	stateName    = "sessions"
	stateVersion = 1
)

// AppendState appends what outlives connections, which end with the process: who is a
// proxy, and the last number that a session was given; in the form of
// detectors.Learner.
func (t *Tracker) AppendState(dst []byte) ([]byte, error) {
	return codec.Seal(dst, stateName, stateVersion, func(b []byte) []byte {
		return codec.Table(codec.U64(b, t.last), t.proxies, func(b []byte, k netip.Addr, _ *struct{}) []byte { return codec.Addr(b, k) })
	}), nil
}

// LoadState takes over what AppendState wrote. After an error, which is one of codec,
// nothing has changed.
func (t *Tracker) LoadState(src []byte) error {
	r, err := codec.Open(src, stateName, stateVersion)
	if err != nil {
		return err
	}
	n := New(t.trusted)
	n.last = r.U64()
	codec.ReadTable(r, n.proxies, r.Addr, func(netip.Addr, *struct{}) {})
	if err := r.Close(); err != nil {
		return err
	}
	*t = *n
	return nil
}
