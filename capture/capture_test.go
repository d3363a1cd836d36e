package capture

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
)

func key(low, high string) Key {
	a, b := netip.MustParseAddrPort(low), netip.MustParseAddrPort(high)
	return Key{Low: a.Addr().As16(), High: b.Addr().As16(), LowPort: a.Port(), HighPort: b.Port()}
}

// Each bit of a key, and of the seed, changes the hash in about half of its bits.
func TestHashOfEveryBit(t *testing.T) {
	k := key("10.0.0.1:25", "10.0.0.2:40000")
	of := func(bytes *[38]byte) Key {
		c := k
		for i := range 16 {
			c.Low[i] ^= bytes[i]
			c.High[i] ^= bytes[16+i]
		}
		c.LowPort ^= uint16(bytes[32])<<8 | uint16(bytes[33])
		c.HighPort ^= uint16(bytes[34])<<8 | uint16(bytes[35])
		c.VLAN ^= uint16(bytes[36])<<8 | uint16(bytes[37])
		return c
	}
	changed := func(seed uint64, from, to *Key, toSeed uint64) (n int) {
		for x := from.Hash(seed) ^ to.Hash(toSeed); x != 0; x &= x - 1 {
			n++
		}
		return n
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for bit := range 38 * 8 {
		sum := 0
		for range 64 {
			seed := rng.Uint64()
			var flip [38]byte
			flip[bit/8] = 1 << (bit % 8)
			other := of(&flip)
			n := changed(seed, &k, &other, seed)
			if n == 0 {
				t.Fatalf("bit %d does not matter", bit)
			}
			sum += n
		}
		if mean := float64(sum) / 64; mean < 24 || mean > 40 {
			t.Errorf("bit %d changes %.1f of 64 bits", bit, mean)
		}
	}
	for bit := range 64 {
		if changed(7, &k, &k, 7^1<<bit) == 0 {
			t.Errorf("bit %d of the seed does not matter", bit)
		}
	}
}

// The upper bits, by which flows are dealt to shards, divide them evenly: many clients,
// many ports, IPv6.
func TestHashDealsEvenly(t *testing.T) {
	for name, of := range map[string]func(i int) Key{
		"clients": func(i int) Key {
			k := key("10.0.0.25:25", "172.16.0.0:40000")
			k.High[14], k.High[15] = byte(i>>8), byte(i)
			return k
		},
		"ports": func(i int) Key {
			k := key("10.0.0.25:25", "172.16.0.9:0")
			k.HighPort = uint16(i)
			return k
		},
		"IPv6": func(i int) Key {
			k := key("[2001:db8::25]:25", "[2001:db8:1::]:40000")
			k.High[6], k.High[7] = byte(i>>8), byte(i)
			return k
		},
	} {
		const flows, shards = 1 << 14, 64
		for seed := range uint64(4) {
			var count [shards]int
			for i := range flows {
				k := of(i)
				count[k.Hash(seed)>>58]++
			}
			for shard, n := range count {
				if n < flows/shards/2 || n > flows/shards*2 {
					t.Errorf("%s, seed %d: shard %d has %d of %d flows", name, seed, shard, n, flows)
				}
			}
		}
	}
}

func TestAddrPorts(t *testing.T) {
	for _, ends := range [][2]string{{"10.0.0.1:25", "10.0.0.2:40000"}, {"[2001:db8::1]:25", "[2001:db8::2]:40000"}} {
		k := key(ends[0], ends[1])
		if low, high := k.AddrPorts(); low.String() != ends[0] || high.String() != ends[1] {
			t.Errorf("%v, %v", low, high)
		}
	}
}

// A block goes back to its source once, when the last of those who hold it lets go, on
// whatever goroutine; and again when it was used anew.
func TestBlock(t *testing.T) {
	freed := make(chan *Block, 2)
	b := NewBlock(make([]byte, 10), func(b *Block) { freed <- b })
	for range 2 {
		var wg sync.WaitGroup
		for range 8 {
			b.Retain()
			wg.Go(func() {
				for range rand.IntN(100) {
					b.Retain()
					b.Release()
				}
				b.Release()
			})
		}
		wg.Wait()
		if len(freed) > 0 {
			t.Fatal("it was freed while its source held it")
		}
		b.Release()
		if len(freed) != 1 || <-freed != b {
			t.Fatal("it was not freed")
		}
		b.Reuse()
	}
	b.Release()
	defer func() {
		if recover() == nil {
			t.Error("who lets go too often is not told")
		}
	}()
	b.Release()
}

// Names are those of the output; one side is missing when it sent nothing.
func TestNames(t *testing.T) {
	if ToServer.Other() != ToClient || ToClient.Other() != ToServer || ToServer.String() != "c2s" || ToClient.String() != "s2c" {
		t.Error("directions")
	}
	for r := range EndReason(len(endNames)) {
		if r.String() == "" {
			t.Errorf("reason %d has no name", r)
		}
	}
	if EndEvicted.String() != "evicted" || EndCapture.String() != "capture_end" {
		t.Error("reasons")
	}
	both := Totals{}
	both.Half[ToServer].Packets, both.Half[ToClient].Packets = 1, 1
	if one := (Totals{}); !one.OneSided() || both.OneSided() {
		t.Error("one side")
	}
	if s := (Segment{Payload: make([]byte, 3), Cut: 4}); s.Len() != 7 {
		t.Error(s.Len())
	}
}
