package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker (Makefile).
var version = ""

type versionCmd struct{}

func (versionCmd) Help() string {
	return `Examples:

  sensor version`
}

func (versionCmd) Run(std *streams) error {
	_, err := fmt.Fprintln(std.out, versionText())
	return err
}

func versionText() string {
	v, revision := version, ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if v == "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " (" + s.Value[:min(12, len(s.Value))] + ")"
			}
		}
	}
	return fmt.Sprintf("sensor %s%s %s %s/%s", v, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
