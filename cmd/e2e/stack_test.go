package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// systemd finds nothing wrong with the unit.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze on this machine")
	}
	text, err := os.ReadFile(deploy + "/systemd/mailsensor.service")
	if err != nil {
		t.Fatal(err)
	}
	// It looks for the program, too, which need not be installed here.
	const program = "ExecStart=/usr/local/bin/sensor "
	if !strings.Contains(string(text), program) {
		t.Fatalf("no %q", program)
	}
	unit := filepath.Join(t.TempDir(), "mailsensor.service")
	if err := os.WriteFile(unit, []byte(strings.Replace(string(text), program, "ExecStart="+analyze+" ", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// What the services mount and name exists, and none can be reached from outside.
func TestCompose(t *testing.T) {
	var doc struct {
		Name     string
		Services map[string]struct {
			Image       string
			Build       struct{ Context, Dockerfile string }
			Command     []string
			NetworkMode string `yaml:"network_mode"`
			Volumes     []string
			Environment map[string]string
			CapDrop     []string `yaml:"cap_drop"`
			CapAdd      []string `yaml:"cap_add"`
			SecurityOpt []string `yaml:"security_opt"`
			ReadOnly    bool     `yaml:"read_only"`
			DependsOn   []string `yaml:"depends_on"`
			Restart     string
		}
		Volumes map[string]any
	}
	read(t, deploy+"/compose.yaml", &doc)
	for name, s := range doc.Services {
		if s.NetworkMode != "host" || s.Image == "" && s.Build.Dockerfile == "" {
			t.Errorf("%s: %+v", name, s)
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, named := doc.Volumes[from]; named {
				continue
			}
			if _, err := os.Stat(filepath.Join(deploy, from)); err != nil || !strings.HasPrefix(from, "./") {
				t.Errorf("%s: %s: %v", name, v, err)
			}
		}
		for _, arg := range s.Command {
			if address, ok := strings.CutPrefix(arg, "-httpListenAddr="); ok && !strings.HasPrefix(address, "127.0.0.1:") {
				t.Errorf("%s listens on %s", name, address)
			}
		}
	}
	if doc.Services["grafana"].Environment["GF_SERVER_HTTP_ADDR"] != "127.0.0.1" {
		t.Error("Grafana listens everywhere")
	}
	build := doc.Services["sensor"].Build
	if _, err := os.Stat(filepath.Join(deploy, build.Context, build.Dockerfile)); err != nil {
		t.Error(err)
	}
}

// Grafana is told where the dashboards are that it gets, and of the data source that
// scrapes at the interval that it is told.
func TestProvisioning(t *testing.T) {
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool `yaml:"isDefault"`
			JSONData                     struct {
				HTTPMethod   string `yaml:"httpMethod"`
				TimeInterval string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		}
	}
	read(t, deploy+"/grafana/provisioning/datasources/mailsensor.yaml", &sources)
	var scrape struct {
		Global struct {
			Scrape     string `yaml:"scrape_interval"`
			Evaluation string `yaml:"evaluation_interval"`
		}
		RuleFiles []string         `yaml:"rule_files"`
		Jobs      []map[string]any `yaml:"scrape_configs"`
	}
	read(t, deploy+"/prometheus/prometheus.yml", &scrape)
	if len(sources.Datasources) != 1 || sources.Datasources[0].JSONData.TimeInterval != scrape.Global.Scrape || scrape.Global.Scrape != interval.String() {
		t.Errorf("%+v, scraped every %s, asked every %s", sources, scrape.Global.Scrape, interval)
	}
	var boards struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type string
			DisableDeletion    bool `yaml:"disableDeletion"`
			Options            struct{ Path string }
		}
	}
	read(t, deploy+"/grafana/provisioning/dashboards/mailsensor.yaml", &boards)
	compose, err := os.ReadFile(deploy + "/compose.yaml")
	if err != nil || len(boards.Providers) != 1 || !strings.Contains(string(compose), "./grafana/dashboards:"+boards.Providers[0].Options.Path+":ro") {
		t.Errorf("%+v, %v", boards, err)
	}
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.UnmarshalWithOptions(text, into, yaml.Strict())
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
