package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers, each of which may import those before it. See docs/architecture.md.
var layers = []string{"capture", "protocols", "detectors", "cmd"}

// shared are packages that others of their own layer may import.
var shared = []string{
	"capture",
	"capture/filter",
	"detectors",
	"detectors/address",
	"detectors/baseline",
	"detectors/codec",
	"detectors/detectortest",
	"detectors/freemail",
	"detectors/habits",
	"detectors/inside",
	"detectors/mailbox",
	"detectors/recent",
	"detectors/rules",
	"detectors/window",
	"protocols",
	"protocols/http/webmail",
	"protocols/http/webmail/scan",
	"protocols/sieve/script",
	"protocols/inflate",
	"protocols/line",
	"protocols/mime",
	"protocols/protocoltest",
	"protocols/sasl",
}

// Every package says why it exists, and imports only what stands left of it;
// siblings do not know one another.
func TestLayers(t *testing.T) {
	documented := map[string]bool{}
	err := filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		if err == nil && file == filepath.Join("../..", "bin") { // what was built and fetched
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("../..", filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		documented[pkg] = documented[pkg] || f.Doc != nil
		for _, im := range f.Imports {
			name, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				return err
			}
			if name, ours := strings.CutPrefix(name, "mailsensor/"); ours && !mayImport(pkg, name) {
				t.Errorf("%s imports %s", pkg, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, doc := range documented {
		if !doc {
			t.Errorf("package %s has no comment", pkg)
		}
	}
	if len(documented) < 20 {
		t.Errorf("only %d packages were looked at", len(documented))
	}
}

func mayImport(pkg, name string) bool {
	from, to := slices.Index(layers, top(pkg)), slices.Index(layers, top(name))
	switch {
	case from != to:
		return to < from
	case top(pkg) == "cmd", path.Base(pkg) == "all":
		return true // the edges tie everything together
	}
	return slices.Contains(shared, name) || pkg == "capture/synth" // makes captures, reads them too
}

func top(pkg string) string { first, _, _ := strings.Cut(pkg, "/"); return first }
