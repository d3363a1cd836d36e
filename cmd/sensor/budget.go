package main

import (
	"mailsensor/cmd/internal/budget"
	"mailsensor/cmd/internal/pipeline"
)

// memoryFlag bounds what the tables take.
type memoryFlag struct {
	Memory budget.Size `placeholder:"SIZE" help:"Memory that all tables share, as in 512M or 2G, at least 256M. What does not fit is forgotten, put aside and counted. Without it each table has a bound of its own."`
}

// plan divides the memory, and applies what concerns the pipeline and the runtime. nil:
// nothing was said.
func (f memoryFlag) plan(opt *pipeline.Options, live bool, evidence bool) *budget.Plan {
	if f.Memory == 0 {
		return nil
	}
	p := budget.Divide(f.Memory, live, evidence)
	opt.TCP, opt.Room = p.TCP, p.Room
	p.Enforce()
	return &p
}

// entities is the share of each table of hosts and accounts; 0: as is usual.
func entities(p *budget.Plan) int {
	if p == nil {
		return 0
	}
	return p.Entities
}

// packets is how much of the latest packets is held for alerts to come.
func packets(p *budget.Plan) int {
	if p == nil {
		return packetMemory
	}
	return p.Packets
}
