package pipeline

import "mailsensor/protocols"

// merge hands on the events of every round in the order of their positions and
// gives the rounds back.
func merge(rounds <-chan *round, free chan<- *round, observe func(protocols.Event), tick func(now int64)) {
	var heads [][]protocols.Event
	for r := range rounds {
		r.pending.Wait()
		now, crossed := r.crossed()
		r.release()
		heads = heads[:0]
		for i := range r.lanes {
			if ev := r.lanes[i].events.Events; len(ev) > 0 {
				heads = append(heads, ev)
			}
		}
		for len(heads) > 0 {
			first := 0
			for i := 1; i < len(heads); i++ {
				if heads[i][0].Header().Pos.Compare(heads[first][0].Header().Pos) < 0 {
					first = i
				}
			}
			observe(heads[first][0])
			if heads[first] = heads[first][1:]; len(heads[first]) == 0 {
				heads = append(heads[:first], heads[first+1:]...)
			}
		}
		for i := range r.lanes {
			r.lanes[i].events.Reset()
		}
		if crossed && tick != nil {
			tick(now)
		}
		free <- r
	}
}
