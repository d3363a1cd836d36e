package tcp

import (
	"encoding/binary"
	"runtime"
	"testing"

	"mailsensor/capture"
)

type sink struct{ n int }

func (s *sink) Data(_ capture.Dir, _ int64, b []byte) bool { s.n += len(b); return true }
func (s *sink) Gap(capture.Dir, int64, int) bool           { return true }
func (s *sink) Close(int64, capture.Totals)                {}

func manyKey(i int) (k capture.Key) {
	k = key(uint16(i), 25)
	binary.BigEndian.PutUint32(k.Low[12:], uint32(i))
	return k
}

var payload = make([]byte, 1000)

func established(opt Options, flows int) (*Table, []capture.Segment) {
	h := &sink{}
	t := New(opt, func(capture.Conn) capture.StreamHandler { return h })
	segs := make([]capture.Segment, flows)
	for i := range segs {
		for _, x := range hello() {
			x.Key = manyKey(i)
			x.Hash = x.Key.Hash(1)
			t.Segment(&x)
			segs[i] = x
		}
		segs[i].Payload = payload
		t.Segment(&segs[i])
		segs[i].Seq += 1000
	}
	return t, segs
}

func BenchmarkInOrder(b *testing.B) {
	t, segs := established(Options{}, 1)
	s := &segs[0]
	b.ReportAllocs()
	for b.Loop() {
		t.Segment(s)
		s.Seq += 1000
	}
}

func BenchmarkSwapped(b *testing.B) {
	t, segs := established(Options{}, 1)
	s := &segs[0]
	b.ReportAllocs()
	for b.Loop() {
		s.Seq += 1000
		t.Segment(s)
		s.Seq -= 1000
		t.Segment(s)
		s.Seq += 2000
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(2*b.N), "ns/packet")
}

func BenchmarkManyFlows(b *testing.B) {
	const flows = 200_000
	t, segs := established(Options{MaxFlows: 1 << 20}, flows)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s := &segs[i%flows]
		t.Segment(s)
		s.Seq += 1000
		i += 7919
	}
}

func BenchmarkFlood(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	t := New(Options{}, nil)
	s := hello()[0]
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		s.Key = manyKey(i)
		s.Hash = s.Key.Hash(1)
		s.Time += 200
		t.Segment(&s)
		i++
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc), "heap-bytes")
	b.ReportMetric(float64(t.Flows()), "flows")
}

func BenchmarkFlowSize(b *testing.B) {
	const flows = 100_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	h := &sink{}
	t := New(Options{MaxFlows: 1 << 20}, func(capture.Conn) capture.StreamHandler { return h })
	for i := range flows {
		for _, x := range hello() {
			x.Key = manyKey(i)
			x.Hash = x.Key.Hash(1)
			t.Segment(&x)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(t)
	for b.Loop() {
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/flows, "B/flow")
}
