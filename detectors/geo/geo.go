// Package geo says where addresses are, from MMDB files (MaxMind DB, format
// version 2) that the user supplies: there is no lookup over the network, and
// nothing is shipped. It understands the fields of GeoIP2 and GeoLite2 City and
// Country, of GeoLite2 ASN, and of databases that use the same names.
//
// Files are read whole at the start; lookups are answered from memory, and the
// latest are kept, since the same clients come again and again.
package geo

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"mailsensor/detectors/recent"

	"github.com/oschwald/maxminddb-golang/v2"
)

// maxKept bounds the lookups that are kept.
const maxKept = 1 << 14

// Places answers where addresses are. It is used from one goroutine.
type Places struct {
	files []*maxminddb.Reader
	kept  *recent.Table[netip.Addr, place]
}

// place is what the files say of an address.
type place struct {
	country  string
	lat, lon float64
	radius   float64 // km
	located  bool
	asn      uint32
	holder   string
}

// Open reads the files. Without any, Places knows nothing, and says so.
func Open(paths ...string) (*Places, error) {
	p := &Places{kept: recent.New[netip.Addr, place](maxKept)}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("geo: %w", err)
		}
		r, err := maxminddb.OpenBytes(b)
		if err != nil {
			return nil, fmt.Errorf("geo: %s is no MMDB file: %w", path, err)
		}
		if err := r.Verify(); err != nil {
			return nil, fmt.Errorf("geo: %s is damaged: %w", path, err)
		}
		p.files = append(p.files, r)
	}
	if len(p.files) == 0 {
		return nil, errors.New("geo: no file given")
	}
	return p, nil
}

// record has the fields that are read, by the names of GeoIP2.
type record struct {
	Country struct {
		ISOCode string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Location struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
		Radius    uint16   `maxminddb:"accuracy_radius"`
	} `maxminddb:"location"`
	ASN    uint32 `maxminddb:"autonomous_system_number"`
	Holder string `maxminddb:"autonomous_system_organization"`
}

// unsure is how far off a place may be of which the file does not say it.
const unsure = 500

func (p *Places) look(a netip.Addr) *place {
	a = a.Unmap().WithZone("")
	if k := p.kept.Get(a); k != nil {
		return k
	}
	k := p.kept.Insert(a)
	*k = place{}
	for _, f := range p.files {
		var r record
		if err := f.Lookup(a).Decode(&r); err != nil { // a file of another kind
			continue
		}
		if r.Country.ISOCode != "" {
			k.country = r.Country.ISOCode
		}
		if r.Location.Latitude != nil && r.Location.Longitude != nil {
			k.lat, k.lon, k.radius, k.located = *r.Location.Latitude, *r.Location.Longitude, float64(r.Location.Radius), true
			if k.radius == 0 {
				k.radius = unsure
			}
		}
		if r.ASN != 0 {
			k.asn, k.holder = r.ASN, r.Holder
		}
	}
	return k
}

// Country returns the ISO 3166 code of the country an address is in, or "".
func (p *Places) Country(a netip.Addr) string { return p.look(a).country }

// Location returns where in the world an address is, and how far off that may be,
// in kilometres.
func (p *Places) Location(a netip.Addr) (lat, lon, radius float64, ok bool) {
	k := p.look(a)
	return k.lat, k.lon, k.radius, k.located
}

// Network returns the autonomous system that announces an address, and who holds
// it; 0: unknown.
func (p *Places) Network(a netip.Addr) (asn uint32, holder string) {
	k := p.look(a)
	return k.asn, k.holder
}
