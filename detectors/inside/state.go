package inside

import (
	"mailsensor/detectors/codec"
	"mailsensor/detectors/recent"
)

const (
	stateName    = "inside"
	stateVersion = 1
)

// AppendState appends the domains that were learned, in the form of detectors.Learner.
func (b *Border) AppendState(dst []byte) ([]byte, error) {
	return codec.Seal(dst, stateName, stateVersion, func(dst []byte) []byte {
		return codec.Table(dst, b.learned, func(dst []byte, domain string, inside *bool) []byte {
			return codec.Truth(codec.Text(dst, domain), *inside)
		})
	}), nil
}

// LoadState takes over what AppendState wrote; the configuration stays. After an error
// nothing has changed.
func (b *Border) LoadState(src []byte) error {
	r, err := codec.Open(src, stateName, stateVersion)
	if err != nil {
		return err
	}
	learned := recent.New[string, bool](maxDomains)
	codec.ReadTable(r, learned, r.Text, func(_ string, inside *bool) { *inside = r.Truth() })
	if err := r.Close(); err != nil {
		return err
	}
	b.learned = learned
	return nil
}
