package main

import (
	"fmt"
	"os"
	"strings"

	"mailsensor/detectors/intel"
)

// listWatch looks whether files have changed. One that is being written is left alone
// until two looks have seen the same.
type listWatch struct {
	paths        []string
	used, lastly string // what the files looked like when they were read, and at the last look
}

func newListWatch(paths []string) *listWatch {
	w := new(listWatch)
	w.follow(paths)
	return w
}

// follow says which files are in use as they are now.
func (w *listWatch) follow(paths []string) {
	w.paths = paths
	w.used = w.look()
	w.lastly = w.used
}

func (w *listWatch) look() string {
	var b strings.Builder
	for _, path := range w.paths {
		st, err := os.Stat(path)
		if err != nil {
			fmt.Fprintln(&b, err)
			continue
		}
		fmt.Fprintln(&b, st.Size(), st.ModTime().UnixNano())
	}
	return b.String()
}

// changed reports, once, that the files are others than those in use.
func (w *listWatch) changed() bool {
	now := w.look()
	calm := now == w.lastly
	w.lastly = now
	if !calm || now == w.used {
		return false
	}
	w.used = now
	return true
}

// indicatorsChanged reads the lists of indicators anew when their files have changed.
// It is not on the goroutine of the capture, which takes them over at a tick.
func (d *daemon) indicatorsChanged(w *listWatch) {
	if !w.changed() {
		return
	}
	lists, err := intel.Load(w.paths...)
	if err != nil {
		d.log.Error("the lists of indicators are not good: those of before stay", "error", err)
		return
	}
	d.lists.Store(lists)
	d.log.Info("lists of indicators read anew", "files", len(w.paths))
}
