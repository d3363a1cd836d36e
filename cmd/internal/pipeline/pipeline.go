// Package pipeline is the line the data takes: one reader, workers that own the
// shards of the flow table, and a merge that puts their events in one order.
//
// The reader takes frames from a Source, decodes them and deals the TCP segments
// by flow into one queue per shard; a round of queues covers 1 MiB of capture.
// Workers reassemble and parse, one shard after the other; every round comes back
// with its events, and the merge hands them on, round after round, sorted by
// position. So there is one channel operation a worker and round and none a packet,
// and what comes out does not depend on how many workers there are.
//
// Bytes: segments borrow from the source's blocks. A round holds a reference on
// each block it has segments of, until its workers are done.
package pipeline

import (
	"context"
	"errors"
	"io"
	"runtime"

	"mailsensor/capture"
	"mailsensor/capture/decode"
	"mailsensor/capture/tcp"
	"mailsensor/protocols"
)

// Shards is the number of parts of the flow table. It is fixed, so that bounds
// and evictions, which are per shard, do not depend on the number of workers.
const Shards = 64

// MaxWorkers is how many workers can be of use.
const MaxWorkers = Shards

// Options say what to run.
type Options struct {
	Source    capture.Source
	Protocols []protocols.Protocol
	// Workers that reassemble and parse; 0: as many as there are CPUs.
	Workers int
	// Match, where set, drops frames it does not accept.
	Match func(frame []byte, link capture.LinkType) bool
	// From and To, where not 0, drop frames outside [From, To), Unix nanoseconds.
	From, To int64
	Decode   decode.Options
	TCP      tcp.Options
	// First is the index of the first frame: how many were read by earlier runs that
	// this one goes on from.
	First uint64
	// Room is how many octets the connections of a shard have to inflate in, and as
	// many again for what waits. 0: as protocols.Room says.
	Room int
	// Keep, where set, is given every TCP segment by the reader; it is borrowed.
	Keep func(*capture.Segment)
	// Observe is given every event, in order, from one goroutine. The event is
	// borrowed until Observe returns.
	Observe func(protocols.Event)
	// Live is set where the source does not end.
	Live *Live
}

// Result is what was read and how it went.
type Result struct {
	Packets  uint64 // frames of the source
	Filtered uint64 // of them not analysed: outside From and To, or not matched
	Bytes    uint64 // of the frames on the wire, filtered ones not included
	Cut      uint64 // frames shortened by the snap length
	First    int64  // time of the earliest frame analysed, Unix nanoseconds; 0: none
	Last     int64  // of the latest
	Clock    ClockStats
	Decode   decode.Stats
	TCP      tcp.Stats
	Driver   protocols.Counters
	Shed     ShedStats
}

// Run reads the source to its end, or until ctx is done, and hands on the
// events. The result is valid beside an error, which is the source's.
func Run(ctx context.Context, opt Options) (Result, error) {
	workers := opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, MaxWorkers)

	if p := opt.progress(); p != nil {
		p.begin(workers)
	}
	free := make(chan *round, roundsInFlight)
	for range roundsInFlight {
		free <- newRound(workers)
	}
	team := make([]*worker, workers)
	for i := range team {
		team[i] = newWorker(i, workers, opt)
		go team[i].run()
	}
	merged := make(chan *round, roundsInFlight)
	done := make(chan struct{})
	go func() {
		defer close(done)
		merge(merged, free, opt.Observe, opt.tick())
	}()

	r := newReader(opt, team, free, merged)
	err := r.run(ctx)
	for _, w := range team {
		close(w.in)
	}
	close(merged)
	<-done

	res := r.result()
	for _, w := range team {
		<-w.done
		for _, t := range w.tables {
			res.TCP.Add(t.Stats())
		}
		res.Driver.Add(w.driver.Counters)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return res, err
}
