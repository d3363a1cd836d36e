package rules

import (
	"encoding/hex"
	"strings"

	"mailsensor/detectors"
)

// Traits implements detectors.Biographer: the rules of each account.
func (t *Tracker) Traits(since int64, yield func(detectors.Trait) bool) {
	for k, b := range t.boxes.All {
		for i := range b.rules {
			r := &b.rules[i]
			if r.last < since || k.account == "" {
				continue
			}
			add := func(kind detectors.TraitKind, value string) bool {
				return yield(detectors.Trait{Account: k.account, Kind: kind, Value: value, First: r.first, Last: r.last})
			}
			if !add(detectors.TraitRule, t.describe(k, r)) || r.hash != [32]byte{} && !add(detectors.TraitScript, hex.EncodeToString(r.hash[:])) {
				return
			}
		}
	}
}

// describe is a rule in a few words: where it is, its name, and whom it lets see mail.
func (t *Tracker) describe(k key, r *rule) string {
	d := t.document(k, r)
	words := []string{d.Source}
	if d.Name != "" {
		words = append(words, d.Name)
	}
	if len(d.Targets) > 0 {
		words = append(words, "to "+strings.Join(d.Targets, ", "))
	}
	text := strings.ToValidUTF8(strings.Join(words, " "), "?")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	return text
}

// maxText bounds a description.
const maxText = 256
