// Package all lists the detectors of the sensor and holds their settings. A new
// one is its folder, a line in Detectors and a field in Config.
package all

import (
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/access"
	"mailsensor/detectors/bulk"
	"mailsensor/detectors/exfil"
	"mailsensor/detectors/forward"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/login"
)

// Config holds the settings of each.
type Config struct {
	Bulk    bulk.Config
	Login   login.Config
	Forward forward.Config
	Exfil   exfil.Config
	Access  access.Config
}

// Default is what is shipped.
func Default() Config {
	return Config{Bulk: bulk.Default(), Login: login.Default(), Forward: forward.Default(), Exfil: exfil.Default(), Access: access.Default()}
}

// Around is what detectors share: the border between inside and outside, the zone
// in which weeks are counted, and where addresses are (nil: not known).
type Around struct {
	Border   *inside.Border
	Location *time.Location
	Places   login.Places
}

// Detectors returns the list, in the order in which they see the events.
func Detectors(c Config, a Around) []detectors.Detector {
	return []detectors.Detector{
		login.New(c.Login, a.Border, a.Location, a.Places),
		bulk.New(c.Bulk, a.Border),
		forward.New(c.Forward, a.Border),
		exfil.New(c.Exfil, a.Border),
		access.New(c.Access, a.Border),
	}
}
