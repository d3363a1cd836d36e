// Command bench is a developer's tool: it measures the sensor's speed and
// memory on generated captures against wc -l on the same file, in the same
// run, and holds the result against the bars the project has set itself. It
// runs bin/sensor and bin/pcapgen, which make bench builds before.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"
)

// options are the command line.
type options struct {
	Full    bool   `help:"Measure the 4 GB capture too (8 GB of disk in all)."`
	Check   bool   `help:"Exit with 1 when a bar is missed or could not be measured."`
	Runs    int    `help:"Runs of each measurement." default:"5"`
	Dir     string `help:"Where the captures are kept between runs; mailsensor-bench in the temporary folder where not given."`
	Sensor  string `help:"The program to measure." default:"bin/sensor"`
	Pcapgen string `help:"The program that makes the captures." default:"bin/pcapgen"`
}

func main() {
	var opt options
	kong.Parse(&opt, kong.Name("bench"), kong.Description("Measure the sensor against wc -l."))
	ok, err := run(opt, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if opt.Check && !ok {
		os.Exit(1)
	}
}

// run measures and reports; false when a bar was missed.
func run(opt options, out io.Writer) (bool, error) {
	if opt.Runs < 1 {
		return false, fmt.Errorf("--runs must be 1 or more")
	}
	if opt.Dir == "" {
		opt.Dir = filepath.Join(os.TempDir(), "mailsensor-bench")
	}
	st, err := newStore(opt.Dir, opt.Pcapgen, out)
	if err != nil {
		return false, err
	}
	if _, err := os.Stat(opt.Sensor); err != nil {
		return false, fmt.Errorf("%w; run make bench, or name the program with --sensor", err)
	}
	b := bench{opt: opt, store: st, out: out}
	results := b.measureAll(plan(opt.Full))
	printTable(out, results)
	checks := append(judge(results), b.extraChecks(results)...)
	return printChecks(out, checks), nil
}
