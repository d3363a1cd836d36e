package sink

import (
	"errors"
	"math/rand/v2"
	"time"
)

// backoff is how long to wait after the first failure, and at most.
type backoff struct{ first, most time.Duration }

// maxLater bounds for how long a receiver may want to be left alone.
const maxLater = time.Hour

// delay doubles with every failure, less up to a half by chance so that many sensors
// do not come back at once. A receiver that says when is asked then.
func (b backoff) delay(fails int, err error) time.Duration {
	d := b.most
	if fails < 20 {
		d = min(b.first<<fails, b.most)
	}
	d -= rand.N(d/2 + 1)
	var l later
	if errors.As(err, &l) {
		d = max(d, min(l.after, maxLater))
	}
	return d
}
