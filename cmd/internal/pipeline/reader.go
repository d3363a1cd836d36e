package pipeline

import (
	"context"
	"errors"
	"io"
	"slices"

	"mailsensor/capture"
	"mailsensor/capture/decode"
)

// reader deals the frames of a source into rounds.
type reader struct {
	opt     Options
	team    []*worker
	free    <-chan *round
	merged  chan<- *round
	decoder *decode.Decoder
	clock   clock
	shed    *shedder
	res     Result
	round   *round
	bytes   int // of frames in the round
	frames  int
	until   int64 // of a live source: when it was told to end
}

func newReader(opt Options, team []*worker, free <-chan *round, merged chan<- *round) *reader {
	return &reader{opt: opt, team: team, free: free, merged: merged, decoder: decode.New(opt.Decode), shed: newShedder(&opt)}
}

// run reads to the end and closes every connection that is still open.
func (r *reader) run(ctx context.Context) error {
	r.round = <-r.free
	r.shed.consider(0)
	err := r.read(ctx)
	end := tick{now: r.clock.now, index: r.index()}
	r.tick(end) // what is due in the last second is due before anything is flushed
	r.send()
	for shard := range Shards {
		for more := true; more; { // what is closed at the end may be a lot: not all in one round
			end.index++ // behind what was due, and so are the positions
			owner, last := r.team[shard%len(r.team)], r.round
			l := &last.lanes[owner.first]
			l.flush, l.end = shard, end
			r.send()
			last.pending.Wait()
			more = owner.more
		}
	}
	return err
}

// index is that of the next frame.
func (r *reader) index() uint64 { return r.opt.First + r.res.Packets }

func (r *reader) read(ctx context.Context) error {
	var seg capture.Segment
	for {
		frame, info, err := r.opt.Source.Next()
		if err != nil {
			if errors.Is(err, capture.ErrIdle) {
				r.idle()
				if r.send(); r.drained(ctx) {
					return io.EOF
				}
				continue
			}
			return err
		}
		index := r.index()
		r.res.Packets++
		if r.opt.From != 0 && info.Time < r.opt.From || r.opt.To != 0 && info.Time >= r.opt.To ||
			r.opt.Match != nil && !r.opt.Match(frame, info.Link) {
			r.res.Filtered++
			continue
		}
		r.account(len(frame), &info, index)
		if r.decoder.Decode(frame, &info, index, &seg) == decode.TCP && !r.shed.sheds(&seg) {
			if info.Block == nil { // gone with the next frame
				seg.Payload = slices.Clone(seg.Payload)
			}
			r.round.add(&seg, info.Block)
			if r.opt.Keep != nil {
				r.opt.Keep(&seg)
			}
		}
		r.frames++
		if r.bytes += len(frame); r.bytes >= roundBytes || r.frames >= roundFrames {
			r.send()
			if r.over(ctx, info.Time) {
				return io.EOF
			}
		}
	}
}

// account keeps the books on a frame and lets event time go on.
func (r *reader) account(captured int, info *capture.Info, index uint64) {
	r.res.Bytes += uint64(info.Length)
	if captured < info.Length {
		r.res.Cut++
	}
	if r.res.First == 0 || info.Time < r.res.First {
		r.res.First = info.Time
	}
	if r.res.Last == 0 || info.Time > r.res.Last {
		r.res.Last = info.Time
	}
	if r.clock.see(info.Time) {
		r.tick(tick{now: r.clock.now, index: index})
	}
}

// tick tells every shard that event time went on.
func (r *reader) tick(t tick) { r.round.ticks = append(r.round.ticks, t) }

// send gives the round to the workers and takes a new one.
func (r *reader) send() {
	r.back()
	r.publish()
	r.shed.consider(r.clock.now)
	r.round.pending.Add(len(r.team))
	for i, w := range r.team {
		w.in <- &r.round.lanes[i]
	}
	r.merged <- r.round
	r.round = <-r.free
	r.bytes, r.frames = 0, 0
}

func (r *reader) result() Result {
	r.res.Clock = r.clock.ClockStats
	r.res.Decode = r.decoder.Stats()
	r.res.Shed = r.shed.ShedStats
	return r.res
}
