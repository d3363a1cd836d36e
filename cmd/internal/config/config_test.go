package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	c, err := Parse([]byte(`
networks:
  internal: [10.1.2.3/8, "2001:db8::/32"]
domains:
  internal: [Corp.Example]
timezone: Europe/Berlin
accounts:
  default_domain: corp.example
  aliases:
    Vic: victor@corp.example
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Networks) != 2 || c.Networks[0].String() != "10.0.0.0/8" || c.Domains[0] != "corp.example" ||
		c.Location.String() != "Europe/Berlin" || c.Aliases["vic"] != "victor@corp.example" || c.DefaultDomain != "corp.example" {
		t.Errorf("%+v", c)
	}
}

func TestEmptyFileIsTheDefault(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "networks:\n"} {
		c, err := Parse([]byte(text))
		if err != nil || c.Location.String() != "UTC" || len(c.Networks) != 0 {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

func TestErrorsShowWhere(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"networks:\n  intenral: [10.0.0.0/8]\n", "[2:3] unknown field \"intenral\""},
		{"timezone: Mars/Olympus\n", "[1:11] \"Mars/Olympus\" is no time zone"},
		{"timezone: Local\n", "is no time zone"},
		{"networks:\n  internal:\n    - 10.0.0.0/8\n    - 10.0.0/8\n", "[4:7] \"10.0.0/8\" is no network"},
		{"domains:\n  internal: [\"@corp.example\"]\n", "[2:14] \"@corp.example\" is no domain"},
		{"accounts:\n  default_domain: \"a b\"\n", "[2:19] \"a b\" is no domain"},
		{"networks: [\n", "[1:11]"},
		{"timezone: UTC\ntimezone: UTC\n", "[2:1]"},
	} {
		_, err := Parse([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want it to say %s", c.text, err, c.want)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sensor.yaml")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte("nonsense: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("unknown key: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("networks:\n  internal: [10.0.0.0/8]\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err == nil && c.Location == nil {
			t.Error("a configuration without a time zone")
		}
	})
}
