// Package budget divides memory among the tables of a sensor (--memory).
//
// A share is what a table takes when an attack fills it. Not all are ever full at the
// same time; the collector's headroom and code are the rest.
package budget

import (
	"fmt"
	"math"
	"runtime/debug"
	"strconv"
	"strings"

	"mailsensor/capture/tcp"
	"mailsensor/cmd/internal/pipeline"
)

// Size is a number of octets, on the command line with M or G behind it.
type Size uint64

// UnmarshalText reads "512M", "2G", "1073741824"; units are powers of 1,024.
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(strings.ToUpper(string(text)), "IB")
	unit := uint64(1)
	if n := len(digits); n > 0 {
		if i := strings.IndexByte("KMG", digits[n-1]); i >= 0 {
			unit, digits = 1<<(10*(i+1)), digits[:n-1]
		}
	}
	n, err := strconv.ParseUint(digits, 10, 40)
	if err != nil {
		return fmt.Errorf("%q is no size: write 512M or 2G", text)
	}
	*s = Size(n * unit)
	return nil
}

// Least is the smallest budget.
const Least = Size(256 << 20)

// What things cost, in octets, measured (docs/performance.md).
const (
	perFlow   = 1600 // flow, stream and parser
	perPage   = tcp.PageSize + 64
	perEntity = 6 << 10 // of the summary, the detectors and the baselines, a host and an account together
)

// Plan is a division.
type Plan struct {
	Go       int64 // GOMEMLIMIT
	Rings    int   // of all interfaces together
	Packets  int   // that are held for alerts
	TCP      tcp.Options
	Room     int // see pipeline.Options
	Entities int // of each table of hosts and accounts
}

// Divide returns the shares of a budget.
func Divide(size Size, live, evidence bool) Plan {
	total := int(min(max(size, Least), math.MaxInt)) // no more can be addressed
	var p Plan
	rest := total
	if live {
		p.Rings = min(max(total/8, 16<<20), 1<<30)
		rest -= p.Rings
	}
	if evidence {
		p.Packets = min(total/8, 1<<30)
	}
	p.Go = int64(rest) * 9 / 10
	shard := func(share int) int { return share / pipeline.Shards }
	flows := min(max(shard(rest/4)/perFlow, 64), 1<<14)
	pages := min(max(shard(rest/16)/perPage, 32), 1<<10)
	p.TCP = tcp.Options{MaxFlows: flows, MaxHalfOpen: min(flows/2, 1<<12), MaxPages: pages, MaxFlowPages: max(pages/2, 16)}
	p.Room = min(max(shard(rest/16), 96<<10), 2<<20) // one inflater at least
	p.Entities = min(max(rest/8/perEntity, 1024), 100_000)
	return p
}

// Enforce has the collector work as hard as it takes to stay within the budget.
func (p *Plan) Enforce() {
	debug.SetMemoryLimit(p.Go)
	debug.SetGCPercent(100) // not only at the limit
}
