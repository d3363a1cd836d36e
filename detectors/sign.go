package detectors

// Sign is one thing that is not as usual. None may be a finding by itself.
type Sign struct {
	Name   string
	Weight float64 // how much it says on its own, as a probability
	Text   string
}

// Together is how sure several signs make, as if they were independent.
func Together(signs []Sign) float64 {
	not := 1.0
	for _, s := range signs {
		not *= 1 - s.Weight
	}
	return 1 - not
}
