//lint:file-ignore SA1019 version 1 of the schema is what every Grafana since 10 reads

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

const checkedIn = "../../deploy/grafana/dashboards"

// What is checked in is what the program writes, and nothing else is.
func TestCheckedIn(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	names := func(dir string) (names []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	want := names(dir)
	if have := names(checkedIn); !slices.Equal(have, want) {
		t.Errorf("checked in are %v, written are %v", have, want)
	}
	for _, name := range want {
		have, _ := os.ReadFile(filepath.Join(checkedIn, name))
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(have) != string(text) {
			t.Errorf("%s: not what the program writes, %v: run make dashboards", name, err)
		}
	}
}

// Grafana's published types take the files: no field is missing, of the wrong type or
// unknown, panels and queries included.
func TestSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	paths, _ := filepath.Glob(checkedIn + "/*.json")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var doc dashboard.Dashboard
		if problems := strictly(&doc, text); problems != "" {
			t.Errorf("%s: %s", path, problems)
		}
		if err := doc.Validate(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	var doc dashboard.Dashboard
	if problems := strictly(&doc, []byte(`{"title": "x", "colour": "red"}`)); !strings.Contains(problems, "colour") {
		t.Errorf("a field that does not exist is taken: %q", problems)
	}
}

// strictly says what is wrong with a dashboard. The library returns an error that is
// not nil even when nothing is.
func strictly(doc *dashboard.Dashboard, text []byte) string {
	if err := doc.UnmarshalJSONStrict(text); err != nil {
		return err.Error()
	}
	return ""
}

// Every panel has its place and its number, a title and words that say what it shows,
// and asks something.
func TestPanels(t *testing.T) {
	for name, b := range boards() {
		doc, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		if *doc.Uid != uid(name) {
			t.Errorf("%s has the uid %s", name, *doc.Uid)
		}
		g := grid{t: t, board: name, ids: map[uint32]bool{}, taken: map[[2]uint32]string{}}
		for _, p := range doc.Panels {
			if p.RowPanel != nil {
				g.place(p.RowPanel.Id, *p.RowPanel.Title, p.RowPanel.GridPos)
				continue
			}
			g.place(*p.Panel.Id, *p.Panel.Title, p.Panel.GridPos)
			if *p.Panel.Title == "" || !strings.HasSuffix(*p.Panel.Description, ".") || len(p.Panel.Targets) == 0 {
				t.Errorf("%s, %s: %q, %d queries", name, *p.Panel.Title, *p.Panel.Description, len(p.Panel.Targets))
			}
		}
	}
}

// grid is what of a dashboard is taken.
type grid struct {
	t     *testing.T
	board string
	ids   map[uint32]bool
	taken map[[2]uint32]string
}

func (g grid) place(id uint32, title string, pos *dashboard.GridPos) {
	if g.ids[id] || id == 0 {
		g.t.Errorf("%s, %s: id %d", g.board, title, id)
	}
	g.ids[id] = true
	if pos.X+pos.W > 24 {
		g.t.Errorf("%s, %s: wider than the line", g.board, title)
	}
	for x := pos.X; x < pos.X+pos.W; x++ {
		for y := pos.Y; y < pos.Y+pos.H; y++ {
			if other := g.taken[[2]uint32{x, y}]; other != "" {
				g.t.Errorf("%s: %s lies upon %s", g.board, title, other)
				return
			}
			g.taken[[2]uint32{x, y}] = title
		}
	}
}

// Links of dashboards and of alerts lead to dashboards and variables that exist.
func TestLinks(t *testing.T) {
	vars := map[string][]string{}
	var texts []string
	for _, b := range boards() {
		doc, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range doc.Templating.List {
			vars[*doc.Uid] = append(vars[*doc.Uid], v.Name)
		}
		text, _ := marshal(doc)
		texts = append(texts, string(text))
	}
	rules, err := os.ReadFile("../../deploy/prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, text := range append(texts, string(rules)) {
		for _, link := range regexp.MustCompile(`/d/([a-z-]+)\?[^"\n]*`).FindAllStringSubmatch(text, -1) {
			for _, v := range regexp.MustCompile(`var-([a-z]+)=`).FindAllStringSubmatch(link[0], -1) {
				found++
				if !slices.Contains(vars[link[1]], v[1]) {
					t.Errorf("%s: no such variable", link[0])
				}
			}
		}
	}
	if found < 4 {
		t.Errorf("%d links", found)
	}
}
