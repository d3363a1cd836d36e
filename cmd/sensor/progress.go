package main

import (
	"io"
	"os"
	"time"

	"mailsensor/capture/pcapfile"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a replay is, on a terminal only.
type progress struct{ quit, done chan struct{} }

func newProgress(w io.Writer, source *pcapfile.Source, quiet bool) *progress {
	f, ok := w.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	total := source.TotalBytes()
	if total == 0 {
		total = -1 // not known: standard input
	}
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetWidth(24),
		progressbar.OptionSetDescription("reading"),
		progressbar.OptionSetSpinnerChangeInterval(0), // its own ticker would go on behind the end
		progressbar.OptionClearOnFinish())
	p := &progress{quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-p.quit:
				bar.Clear()
				return
			case <-tick.C:
				bar.Set64(source.BytesRead())
			}
		}
	}()
	return p
}

// stop takes the bar away. A nil progress has none.
func (p *progress) stop() {
	if p != nil {
		close(p.quit)
		<-p.done
	}
}
