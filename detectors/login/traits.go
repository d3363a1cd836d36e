package login

import (
	"fmt"

	"mailsensor/detectors"
)

// Traits implements detectors.Biographer: where each account logged in from, and with
// what.
func (d *Detector) Traits(since int64, yield func(detectors.Trait) bool) {
	for name, a := range d.accounts.All {
		for _, s := range a.sources {
			add := func(k detectors.TraitKind, value string) bool {
				return s.last < since || yield(detectors.Trait{Account: name, Kind: k, Value: value, First: s.first, Last: s.last})
			}
			if !add(detectors.TraitSource, s.prefix.String()) || s.country != "" && !add(detectors.TraitCountry, s.country) ||
				s.asn != 0 && !add(detectors.TraitNetwork, fmt.Sprintf("AS%d", s.asn)) {
				return
			}
		}
		for _, c := range a.clients {
			if c.last >= since && !yield(detectors.Trait{Account: name, Kind: detectors.TraitClient, Value: detectors.Text(c.name), First: c.first, Last: c.last}) {
				return
			}
		}
	}
}

// Forget lets go of what is known of an account, and reports whether there was anything.
func (d *Detector) Forget(account string) bool {
	known := d.accounts.Peek(account) != nil
	d.accounts.Delete(account)
	return known
}
