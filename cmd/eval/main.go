// Command eval is a developer's tool: it measures the baselines on invented mail, at
// the thresholds as shipped, beside three simple rivals on the same numbers.
//
// The seeds are those of detectors/baseline/workload. The tuning seeds are for
// tuning; those held back say what the result is worth, and are looked at last.
package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/alecthomas/kong"

	"mailsensor/detectors/baseline/workload"
)

// options are the command line.
type options struct {
	Tuning bool     `help:"Measure on the tuning seeds instead of those held back."`
	Seed   []uint64 `help:"Measure on these seeds instead."`
	Scale  float64  `help:"Multiply the thresholds of the baselines by this." default:"1"`
	Causes bool     `help:"Show what false alarms were about."`
	Check  bool     `help:"Exit with 1 when a bar is missed."`
}

func main() {
	var opt options
	kong.Parse(&opt, kong.Name("eval"), kong.Description("Measure the baselines on invented mail."))
	os.Exit(exitCode(opt, run(opt, os.Stdout)))
}

// exitCode is 1 where the bars were to be checked and one was missed.
func exitCode(opt options, ok bool) int {
	if opt.Check && !ok {
		return 1
	}
	return 0
}

// run measures and reports; false when a bar was missed.
func run(opt options, out io.Writer) bool {
	seeds, which := workload.HeldBackSeeds, "held back"
	if opt.Tuning {
		seeds, which = workload.TuningSeeds, "tuning"
	}
	if len(opt.Seed) > 0 {
		seeds, which = opt.Seed, "given"
	}
	fmt.Fprintf(out, "seeds (%s): %v\n\n", which, seeds)
	one := make([]outcome, len(seeds))
	slots := make(chan struct{}, 2)
	var wait sync.WaitGroup
	for i, seed := range seeds {
		wait.Go(func() {
			slots <- struct{}{}
			one[i] = measure(seed, opt.Scale)
			<-slots
		})
	}
	wait.Wait()
	var sum outcome
	for i := range one {
		sum.add(&one[i])
	}
	return report(out, &sum, opt)
}
