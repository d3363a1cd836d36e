package baseline

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// mailSize is of a message, in octets: log-normal, as sizes of mail are, up to the
// 25 MiB that servers commonly take.
func mailSize(r *rand.Rand) float64 {
	return min(25<<20, 20*1024*math.Exp(1.6*r.NormFloat64()))
}

// Bytes are counted in KiB, against thresholds of their own. A hundred accounts that
// send mail of all sizes raise few false alarms; a mailbox that is carried off does
// not go unseen.
func TestBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	r := rand.New(rand.NewPCG(8, 8))
	attacks := map[string]bool{}
	found, falseDays := map[string]bool{}, map[string]bool{}
	var day int
	e := New(Config{Location: berlin}, func(s *Score) {
		if !s.Alert || day < 28 || s.Channel == Burst {
			return
		}
		k := fmt.Sprint(s.Entity, " ", day)
		if attacks[k] {
			found[k] = true
		} else {
			falseDays[k] = true
		}
	})
	const entities, last = 100, 63
	for h := range last * 24 {
		at := monday.Add(time.Duration(h) * time.Hour)
		e.Tick(at.UnixNano())
		day = h / 24
		if local := at.In(berlin); local.Hour() < 8 || local.Hour() > 17 || local.Weekday()%6 == 0 {
			continue
		}
		for i := range entities {
			name := fmt.Sprint("user", i)
			for range int(poisson(r, .2+float64(i%10)*.3)) {
				e.Observe(Account, name, BytesSent, at.UnixNano(), mailSize(r))
			}
			if day >= 28 && i == day%entities && at.In(berlin).Hour() == 14 {
				e.Observe(Account, name, BytesSent, at.UnixNano(), 300<<20)
				attacks[fmt.Sprint(name, " ", day)] = true
			}
		}
	}
	rate := 1000 * float64(len(falseDays)) / (entities * (last - 28))
	t.Logf("%d of %d attacks, %.2f false alarms per 1,000 entity-days", len(found), len(attacks), rate)
	if len(found) < len(attacks)*9/10 || rate > 3 {
		t.Errorf("%d of %d attacks, %.2f false alarms per 1,000 entity-days", len(found), len(attacks), rate)
	}
}
