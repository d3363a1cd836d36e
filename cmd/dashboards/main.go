//lint:file-ignore SA1019 version 1 of the schema is what every Grafana since 10 reads

// Command dashboards writes the Grafana dashboards of the sensor as JSON.
//
// They are made by a program so that all of them look and behave alike, with the
// types that Grafana publishes of its schema. What it writes is checked in: whoever
// uses the dashboards needs no Go. A test says when the two differ.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dashboards FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

// boards lists all dashboards by the name of their file.
func boards() map[string]*board {
	return map[string]*board{
		"overview":   overview(),
		"hosts":      entities(host),
		"accounts":   entities(account),
		"downloads":  downloads(),
		"forwarding": forwarding(),
		"logins":     logins(),
		"health":     health(),
	}
}

func write(dir string) error {
	for name, b := range boards() {
		doc, err := b.Build()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		text, err := marshal(doc)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// marshal writes a dashboard as Grafana exports it: indented, with a line feed.
func marshal(doc dashboard.Dashboard) ([]byte, error) {
	text, err := json.MarshalIndent(doc, "", "  ")
	return append(text, '\n'), err
}
