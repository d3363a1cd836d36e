package report

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
)

// kinds finds the anomalies that the parsers can report, in their sources.
func kinds(t *testing.T) map[string]bool {
	t.Helper()
	literal := regexp.MustCompile(`"((?:tcp|smtp|imap|tls)_[a-z0-9_]+)"`)
	found := map[string]bool{}
	err := filepath.WalkDir("../../../protocols", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range literal.FindAllSubmatch(text, -1) {
			found[string(m[1])] = true
		}
		return err
	})
	if err != nil || len(found) < 20 {
		t.Fatalf("%d kinds, %v", len(found), err)
	}
	return found
}

func TestEveryKindHasAMeaning(t *testing.T) {
	for kind := range kinds(t) {
		m := meaning(kind)
		if m == "" {
			t.Errorf("%s has no meaning", kind)
		}
		if w := 35 + text.StringWidth(m); w > width || len("1234567  ")+len(kind) > 33 {
			t.Errorf("%s does not fit", kind)
		}
	}
}

func TestEveryKindIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind := range kinds(t) {
		if !strings.Contains(string(doc), "`"+kind+"`") {
			t.Errorf("docs/events.md does not mention %s", kind)
		}
	}
}
