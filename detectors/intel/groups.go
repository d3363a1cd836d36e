package intel

import (
	"slices"
	"strings"

	"mailsensor/detectors"
)

// groups are those that ATT&CK lists under T1114 and its sub-techniques. That what
// was seen overlaps with what a group does says nothing of who did it.
var groups = []detectors.Group{
	{ID: "G0006", Name: "APT1", Techniques: []string{"T1114.001", "T1114.002"}},
	{ID: "G0007", Name: "APT28", Techniques: []string{"T1114.002"}},
	{ID: "G0016", Name: "APT29", Techniques: []string{"T1114.002"}},
	{ID: "G0059", Name: "Magic Hound", Techniques: []string{"T1114", "T1114.001", "T1114.002"}},
	{ID: "G0085", Name: "FIN4", Techniques: []string{"T1114.002"}},
	{ID: "G0077", Name: "Leafminer", Techniques: []string{"T1114.002"}},
	{ID: "G0094", Name: "Kimsuky", Techniques: []string{"T1114.002", "T1114.003"}},
	{ID: "G0125", Name: "HAFNIUM", Techniques: []string{"T1114.002"}},
	{ID: "G0122", Name: "Silent Librarian", Techniques: []string{"T1114", "T1114.003"}},
	{ID: "G1004", Name: "LAPSUS$", Techniques: []string{"T1114.003"}},
	{ID: "G1015", Name: "Scattered Spider", Techniques: []string{"T1114", "T1114.003"}},
	{ID: "G1033", Name: "Star Blizzard", Techniques: []string{"T1114.002", "T1114.003"}},
	{ID: "G0004", Name: "Ke3chang", Techniques: []string{"T1114.002"}},
	{ID: "G0035", Name: "Dragonfly", Techniques: []string{"T1114.002"}},
	{ID: "G0114", Name: "Chimera", Techniques: []string{"T1114.001", "T1114.002"}},
	{ID: "G1003", Name: "Ember Bear", Techniques: []string{"T1114"}},
	{ID: "G1039", Name: "RedCurl", Techniques: []string{"T1114.001"}},
	{ID: "G1041", Name: "Sea Turtle", Techniques: []string{"T1114.001"}},
	{ID: "G1035", Name: "Winter Vivern", Techniques: []string{"T1114.001"}},
}

// Overlap returns the groups that use at least two of the techniques, with those
// that they share, most first. It is overlap, and no attribution.
func Overlap(techniques []string) (out []detectors.Group) {
	for _, g := range groups {
		var shared []string
		for _, t := range g.Techniques {
			if slices.Contains(techniques, t) {
				shared = append(shared, t)
			}
		}
		if len(shared) >= 2 {
			out = append(out, detectors.Group{ID: g.ID, Name: g.Name, Techniques: shared})
		}
	}
	slices.SortStableFunc(out, func(a, b detectors.Group) int {
		if n := len(b.Techniques) - len(a.Techniques); n != 0 {
			return n
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}
