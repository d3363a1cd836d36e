package config

import (
	"github.com/goccy/go-yaml"

	"mailsensor/detectors/inside"
)

// Show renders all settings as a sensor.yaml, those that are not given as they are
// shipped.
func (c Config) Show() ([]byte, error) {
	f := File{Timezone: c.Location.String(), Geo: c.Geo, Intel: c.Intel, Detectors: c.Detectors, State: c.State, SensorName: c.SensorName, Sinks: c.Sinks}
	networks := c.Networks
	if len(networks) == 0 {
		networks = inside.Private()
	}
	for _, n := range networks {
		f.Networks.Internal = append(f.Networks.Internal, n.String())
	}
	for _, n := range c.Trusted {
		f.Networks.TrustedProxies = append(f.Networks.TrustedProxies, n.String())
	}
	f.Domains.Internal = c.Domains
	f.Accounts = Accounts{DefaultDomain: c.DefaultDomain, Aliases: c.Aliases}
	return yaml.MarshalWithOptions(f, yaml.OmitEmpty())
}
