// Command pcapgen writes captures of invented mail traffic, to measure the
// sensor with: of a fixed shape, reproducible by seed, and with the truth
// about what is in them on standard output.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
)

// options are the command line.
type options struct {
	Size        size    `help:"Size of the capture, for the mixes mail, mixed, tls and download." default:"1GB"`
	Seed        uint64  `help:"The same seed gives the same file." default:"1"`
	Mix         string  `help:"What to write: ${enum}. Mixed is 30 % mail, download bulk TLS of port 443 alone." enum:"mail,mixed,tls,download,idle,synflood" default:"mail"`
	Connections int     `help:"Connections open at once; 0: 2,000, of the mix idle 200,000." default:"0"`
	SYNs        int     `name:"syns" help:"Segments of the flood." default:"5000000"`
	Loss        float64 `help:"Share of the data segments that are missing. 0 makes the truth exact." default:"0.001"`
	Reorder     float64 `help:"Share of the data segments that come late." default:"0.01"`
	File        string  `arg:"" help:"The capture to write."`
}

func main() {
	var opt options
	kong.Parse(&opt, kong.Name("pcapgen"),
		kong.Description("Write a capture of invented mail traffic, and the truth about it to standard output."))
	if err := run(opt, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pcapgen:", err)
		os.Exit(1)
	}
}

func run(opt options, stdout io.Writer) error {
	f, err := os.Create(opt.File)
	if err != nil {
		return err
	}
	t, err := generate(opt, f)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", opt.File, err)
	}
	t.File = opt.File
	return json.NewEncoder(stdout).Encode(t)
}
