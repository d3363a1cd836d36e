// Package all lists the detectors of the sensor and holds their settings. A new
// one is its folder, a line in Detectors and a field in Config.
package all

import (
	"fmt"
	"reflect"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/access"
	"mailsensor/detectors/bulk"
	"mailsensor/detectors/exfil"
	"mailsensor/detectors/forward"
	"mailsensor/detectors/habits"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/intel"
	"mailsensor/detectors/login"
	"mailsensor/detectors/volume"
)

// Config holds the settings of each.
type Config struct {
	Baseline habits.Config  `yaml:"baseline"`
	Bulk     bulk.Config    `yaml:"bulk"`
	Login    login.Config   `yaml:"login"`
	Forward  forward.Config `yaml:"forward"`
	Exfil    exfil.Config   `yaml:"exfil"`
	Access   access.Config  `yaml:"access"`
	Intel    intel.Config   `yaml:"intel"`
	Volume   volume.Config  `yaml:"volume"`
}

// Default is what is shipped.
func Default() Config {
	return Config{Baseline: habits.Default(), Bulk: bulk.Default(), Login: login.Default(), Forward: forward.Default(), Exfil: exfil.Default(), Access: access.Default(), Intel: intel.Default(), Volume: volume.Default()}
}

// Around is what detectors share: the border between inside and outside, the zone
// in which weeks are counted, where addresses are, and what is known to be bad (nil:
// not known).
type Around struct {
	Border   *inside.Border
	Habits   *habits.Tracker
	Location *time.Location
	Places   login.Places
	Bad      *intel.Lists
}

// Detectors returns the list, in the order in which they see the events.
func Detectors(c Config, a Around) []detectors.Detector {
	return []detectors.Detector{
		a.Habits, // before those that ask it
		login.New(c.Login, a.Border, a.Habits, a.Location, a.Places),
		volume.New(c.Volume, a.Border, a.Habits),
		bulk.New(c.Bulk, a.Border, a.Habits),
		forward.New(c.Forward, a.Border),
		exfil.New(c.Exfil, a.Border),
		access.New(c.Access, a.Border),
		intel.New(c.Intel, a.Bad),
	}
}

// Empty reports that nothing at all is set, as after reading an empty section.
func (c Config) Empty() bool { return reflect.ValueOf(c).IsZero() }

// Check finds thresholds that cannot be meant: one below zero, or a window or a
// floor of nothing, by which everything would be a finding.
func (c Config) Check() error {
	if err := c.Baseline.Check(); err != nil {
		return err
	}
	return check(reflect.ValueOf(c), "")
}

func check(v reflect.Value, path string) error {
	for i := range v.NumField() {
		f := v.Field(i)
		name := path + v.Type().Field(i).Tag.Get("yaml")
		var bad bool
		switch f.Kind() {
		case reflect.Struct:
			if err := check(f, name+"."); err != nil {
				return err
			}
		case reflect.Int, reflect.Int64:
			bad = f.Int() <= 0
		case reflect.Uint64:
			bad = f.Uint() == 0
		case reflect.Float64:
			bad = !(f.Float() > 0)
		}
		if bad {
			return fmt.Errorf("%s has to be more than 0", name)
		}
	}
	return nil
}
