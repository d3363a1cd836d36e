package budget

import (
	"testing"

	"mailsensor/cmd/internal/pipeline"
)

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{"512M": 512 << 20, "2g": 2 << 30, "2GiB": 2 << 30, "1024k": 1 << 20, "1073741824": 1 << 30, "0": 0} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s: %d, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "M", "1T", "-1", "1.5G", "x", "99999999999999"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d", text, s)
		}
	}
}

// The shares of any budget fit into it together, none is nothing, and none gets smaller
// where there is more.
func TestDivide(t *testing.T) {
	for _, live := range []bool{false, true} {
		for _, evidence := range []bool{false, true} {
			var before Plan
			for size := Size(1); size < 64<<30; size = size*3/2 + 1 {
				p := Divide(size, live, evidence)
				total := int64(max(size, Least))
				if (p.Rings > 0) != live || (p.Packets > 0) != evidence {
					t.Fatalf("%d: %+v", size, p)
				}
				if int64(p.Rings)+p.Go > total {
					t.Errorf("%d: rings %d and heap %d are more", size, p.Rings, p.Go)
				}
				tables := int64(p.Packets) + pipeline.Shards*int64(p.TCP.MaxFlows*perFlow+p.TCP.MaxPages*perPage+p.Room) + int64(p.Entities)*perEntity
				if tables > p.Go {
					t.Errorf("%d: the tables may take %d, the heap is %d", size, tables, p.Go)
				}
				if p.TCP.MaxFlows < 64 || p.TCP.MaxHalfOpen < 32 || p.TCP.MaxPages < 32 || p.TCP.MaxFlowPages > p.TCP.MaxPages || p.Room < 96<<10 || p.Entities < 1024 {
					t.Errorf("%d: a share is too small for anything: %+v", size, p)
				}
				if p.TCP.MaxFlows < before.TCP.MaxFlows || p.Entities < before.Entities || p.Room < before.Room || p.Rings < before.Rings || p.Packets < before.Packets {
					t.Errorf("%d: less than of a smaller budget: %+v", size, p)
				}
				before = p
			}
		}
	}
}
