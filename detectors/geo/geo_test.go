//go:build !386 && !arm

// The library that writes such files for these tests needs 64 bits.

package geo

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

func write(t *testing.T, kind, prefix string, v mmdbtype.Map) string {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, IncludeReservedNetworks: true, Description: map[string]string{"en": "test"}})
	if err != nil {
		t.Fatal(err)
	}
	_, n, err := net.ParseCIDR(prefix)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Insert(n, v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), kind+".mmdb")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPlaces(t *testing.T) {
	city := write(t, "City", "203.0.113.0/24", mmdbtype.Map{
		"country":  mmdbtype.Map{"iso_code": mmdbtype.String("AU")},
		"location": mmdbtype.Map{"latitude": mmdbtype.Float64(-33.9), "longitude": mmdbtype.Float64(151.2), "accuracy_radius": mmdbtype.Uint16(20)},
	})
	asn := write(t, "ASN", "203.0.113.0/25", mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String("Example")})
	p, err := Open(city, asn)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from what was kept
		a := netip.MustParseAddr("::ffff:203.0.113.9")
		lat, _, radius, ok := p.Location(a)
		n, holder := p.Network(a)
		if p.Country(a) != "AU" || !ok || lat != -33.9 || radius != 20 || n != 64500 || holder != "Example" {
			t.Errorf("%+v", p.look(a))
		}
	}
	if n, _ := p.Network(netip.MustParseAddr("203.0.113.200")); n != 0 {
		t.Errorf("AS%d", n)
	}
	if _, _, _, ok := p.Location(netip.MustParseAddr("2001:db8::1")); ok || p.Country(netip.MustParseAddr("192.0.2.1")) != "" {
		t.Error("an address that no file has is somewhere")
	}
}

func TestBadFiles(t *testing.T) {
	text := filepath.Join(t.TempDir(), "x.mmdb")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, filepath.Join(t.TempDir(), "missing")} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%v", err)
		}
	}
}
