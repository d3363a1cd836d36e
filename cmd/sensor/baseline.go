package main

// baselineCmd is the command group of what is learned.
type baselineCmd struct {
	Backtest backtestCmd `cmd:"" help:"Score a series from a CSV file, to see what the baselines make of it."`
}
