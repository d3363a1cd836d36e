package detectors

// Trait is something that an account was seen with: where it logs in from, with what, and
// which rules it has.
type Trait struct {
	Account     string
	Kind        TraitKind
	Value       string
	First, Last int64 // when it was seen, Unix nanoseconds
}

// TraitKind is what sort of thing a Trait is.
type TraitKind string

// The kinds.
const (
	TraitSource  TraitKind = "source"  // the network that it logged in from, as a prefix
	TraitCountry TraitKind = "country" // ISO 3166, of the source
	TraitNetwork TraitKind = "network" // the autonomous system of the source, AS64500
	TraitClient  TraitKind = "client"  // what the program calls itself, or its JA4
	TraitRule    TraitKind = "rule"    // of incoming mail: protocol, name, and whom it lets see the mail
	TraitScript  TraitKind = "script"  // SHA-256 of the text of a rule
)

// Biographer knows traits.
type Biographer interface {
	// Traits yields those that were seen last at a time or later, of all accounts.
	Traits(since int64, yield func(Trait) bool)
}
