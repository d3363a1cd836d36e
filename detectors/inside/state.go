package inside

import (
	"mailsensor/detectors/codec"
	"mailsensor/detectors/recent"
)

var format = codec.Format{Name: "inside", Version: 1}

// AppendState appends the domains that were learned, in the form of detectors.Learner.
func (b *Border) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(dst []byte) []byte {
		return codec.Table(dst, b.learned, func(dst []byte, domain string, inside *bool) []byte {
			return codec.Truth(codec.Text(dst, domain), *inside)
		})
	})
}

// LoadState takes over what AppendState wrote; the configuration stays. After an error
// nothing has changed.
func (b *Border) LoadState(src []byte) error {
	n := *b
	n.learned = recent.New[string, bool](maxDomains)
	return codec.Load(b, &n, format, src, func(r *codec.Reader) {
		codec.ReadTable(r, n.learned, r.Text, func(_ string, inside *bool) { *inside = r.Truth() })
	})
}
