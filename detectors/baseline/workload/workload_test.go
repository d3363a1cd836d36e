package workload

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
)

// The ruler does not change under the hand of who measures.
func TestFixed(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("elsewhere products and sums may be fused, and some counts differ by one")
	}
	h := sha256.New()
	w := New(Options{Seed: 1})
	for _, s := range w.Series {
		fmt.Fprintln(h, s.Name, s.Habit, s.Born)
		binary.Write(h, binary.LittleEndian, s.Count)
	}
	fmt.Fprintln(h, w.Attacks, w.Benign, TuningSeeds, HeldBackSeeds)
	const want = "d350dbff8f42eae2d129aa5880f39a9f47ab0a46cd5a10ddc0ccfad0c54d8590"
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
		t.Errorf("the workload is another one: %s", got)
	}
}

func TestShape(t *testing.T) {
	w := New(Options{Seed: 2})
	if len(w.Series) != Accounts+Hosts || len(w.Attacks) != 225 {
		t.Fatalf("%d series, %d attacks", len(w.Series), len(w.Attacks))
	}
	zeros, hours := 0, 0
	byWhat := map[string]int{}
	for _, s := range w.Series {
		for _, n := range s.Count[s.Born:] {
			if hours++; n == 0 {
				zeros++
			}
		}
	}
	if share := float64(zeros) / float64(hours); share < .7 || share > .85 {
		t.Errorf("%.2f of the hours are zero", share)
	}
	for _, a := range w.Attacks {
		byWhat[a.What]++
		if a.From < FirstDay*24 || a.To > Hours || a.From >= a.To {
			t.Errorf("%+v", a)
		}
	}
	for _, k := range attacks {
		if byWhat[k.what] != k.n {
			t.Errorf("%d of %q, want %d", byWhat[k.what], k.what, k.n)
		}
	}
	for _, a := range New(Options{Seed: 2, Poison: .04}).Attacks {
		if a.What != "poisoned" {
			t.Errorf("%+v among the poisoned", a)
		}
	}
}

// Both lists are apart.
func TestSeeds(t *testing.T) {
	for _, a := range TuningSeeds {
		for _, b := range HeldBackSeeds {
			if a == b {
				t.Errorf("seed %d is in both lists", a)
			}
		}
	}
}

func TestGamma(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, v := range []float64{.05, .5, 3} {
		n, sum, squares := 200000, 0., 0.
		for range n {
			x := gamma(r, v)
			sum += x
			squares += x * x
		}
		mean := sum / float64(n)
		if got := squares/float64(n) - mean*mean; math.Abs(mean-1) > .02 || math.Abs(got/v-1) > .06 {
			t.Errorf("gamma(%v): mean %.3f, variance %.3f", v, mean, got)
		}
	}
}
