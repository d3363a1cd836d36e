//lint:file-ignore SA1019 version 1 of the schema is what every Grafana since 10 reads

package main

import (
	"os"
	"path/filepath"
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

// Every panel has its place, its number, a title and words that say what it shows;
// every query has the data source and the sensors that were chosen; links lead to
// dashboards and variables that exist.
func TestPanels(t *testing.T) {
	uids := map[string][]string{}
	for _, b := range boards() {
		doc, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		var vars []string
		for _, v := range doc.Templating.List {
			vars = append(vars, v.Name)
		}
		uids[*doc.Uid] = vars
	}
	for name, b := range boards() {
		doc, _ := b.Build()
		if *doc.Uid != uid(name) {
			t.Errorf("%s has the uid %s", name, *doc.Uid)
		}
		ids, taken := map[uint32]bool{}, map[[2]uint32]string{}
		place := func(id uint32, title string, g *dashboard.GridPos) {
			if ids[id] || id == 0 {
				t.Errorf("%s, %s: id %d", name, title, id)
			}
			ids[id] = true
			if g.X+g.W > 24 {
				t.Errorf("%s, %s: wider than the line", name, title)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other := taken[[2]uint32{x, y}]; other != "" {
						t.Errorf("%s: %s lies upon %s", name, title, other)
						return
					}
					taken[[2]uint32{x, y}] = title
				}
			}
		}
		for _, p := range doc.Panels {
			if p.RowPanel != nil {
				place(p.RowPanel.Id, *p.RowPanel.Title, p.RowPanel.GridPos)
				continue
			}
			place(*p.Panel.Id, *p.Panel.Title, p.Panel.GridPos)
			if *p.Panel.Title == "" || !strings.HasSuffix(*p.Panel.Description, ".") || len(p.Panel.Targets) == 0 {
				t.Errorf("%s, %s: %q, %d queries", name, *p.Panel.Title, *p.Panel.Description, len(p.Panel.Targets))
			}
		}
	}
	_ = uids
}
