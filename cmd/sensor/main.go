// Command sensor watches mail traffic: it reads captures, counts who sends and
// who downloads how much, and says what it could not see.
//
// Exit codes: 0 all went well, 1 something was found where that was asked for,
// 2 usage or bad input, 130 interrupted.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitOK          = 0
	exitFound       = 1
	exitBad         = 2
	exitInterrupted = 130 // as a shell reports a program that SIGINT ended
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "replay" { // sensor run stays for months: it collects as usual
		adviseHeap()
		tuneGC()
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// cli is the command line. Each subcommand has a file of its own.
type cli struct {
	Replay     replayCmd     `cmd:"" help:"Read capture files: count, summarise, write events."`
	Run        runCmd        `cmd:"" help:"Watch network interfaces: count, alert, export metrics."`
	Doctor     doctorCmd     `cmd:"" help:"Look at what usually goes wrong where a sensor is put on a wire."`
	Config     configCmd     `cmd:"" help:"Check and show the settings."`
	Baseline   baselineCmd   `cmd:"" help:"What is usual: score series against it."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
	Completion completionCmd `cmd:"" help:"Print the completion script of a shell."`
}

// streams are what a subcommand reads and writes. Tests bring their own.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// exit carries kong's wish to end (after --help) up to run.
type exit int

// errTold ends the program with code 2; what is wrong was said where it was found.
var errTold = errors.New("already told")

// run is the whole program: main and the end-to-end tests call it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	std := streams{stdin, stdout, stderr}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
	}()
	var c cli
	parser := kong.Must(&c,
		kong.Name("sensor"),
		kong.Description("A network sensor for mail traffic. Begin with: sensor replay capture.pcap"),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 80}),
		kong.Vars{"version": versionText()},
	)
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(slices.Clone(args[1:]), "--help")
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		where := "sensor"
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
			where = parse.Context.Selected().FullPath()
		}
		fmt.Fprintf(stderr, "sensor: %v\nTry '%s --help'.\n", err, where)
		return exitBad
	}
	err = ctx.Run(&std, parser)
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE): // the reader of our output has seen enough
		return exitOK
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.Is(err, errFound):
		return exitFound
	case errors.Is(err, errTold):
		return exitBad
	}
	fmt.Fprintf(stderr, "sensor: %v\n", err)
	return exitBad
}
