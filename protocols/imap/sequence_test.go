package imap

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSequenceModel follows a mailbox that is known whole: what the sequence says
// it knows has to be so, and every position has to stay with its message.
func TestSequenceModel(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		type msg struct{ pos, uid uint32 }
		var box []msg
		uid := uint32(0)
		for i := range 1 + rng.IntN(60) {
			uid += 1 + uint32(rng.IntN(1+rng.IntN(4)))
			box = append(box, msg{uint32(i + 1), uid})
		}
		all := append([]msg(nil), box...)
		known := map[uint32]bool{}
		var s sequence
		for range 100 {
			if len(box) == 0 {
				break
			}
			i := rng.IntN(len(box))
			switch rng.IntN(4) {
			case 0:
				s.expunge(uint32(i + 1))
				box = append(box[:i], box[i+1:]...)
				continue
			case 1:
				fresh := s.learn(box[i].pos, box[i].uid)
				for p := fresh.first; p <= fresh.last; p++ {
					if known[p] {
						t.Fatalf("seed %d: position %d is fresh twice", seed, p)
					}
					known[p] = true
				}
			}
			if got := s.position(uint32(i + 1)); got != box[i].pos {
				t.Fatalf("seed %d: sequence number %d is at position %d, not %d", seed, i+1, got, box[i].pos)
			}
		}
		for _, m := range all {
			if got := s.uid(m.pos); got != 0 && got != m.uid || known[m.pos] != (got != 0) {
				t.Fatalf("seed %d: position %d has UID %d, not %d", seed, m.pos, got, m.uid)
			}
		}
		if s.vague {
			t.Fatalf("seed %d: positions became vague without a reason", seed)
		}
	}
}

func TestSequenceVanish(t *testing.T) {
	var s sequence
	s.learn(4, 4) // and so 1 to 3
	s.vanish(2, 3)
	if s.vague || s.position(2) != 4 {
		t.Errorf("vague %v, position %d", s.vague, s.position(2))
	}
	if s.vanish(9, 9); !s.vague {
		t.Error("a message of unknown position vanished, and positions are still exact")
	}
}

func TestSequenceConflict(t *testing.T) {
	var s sequence
	s.learn(4, 9)
	s.learn(4, 10)
	if s.uid(4) != 10 || !s.vague {
		t.Errorf("uid %d, vague %v", s.uid(4), s.vague)
	}
}

func TestSequenceBounds(t *testing.T) {
	var s sequence
	for i := uint32(1); i < 5000; i++ {
		s.learn(2*i, 10*i)
		s.expunge(i)
	}
	if len(s.links) > maxLinks || len(s.gone) > maxSpans {
		t.Errorf("%d links, %d spans", len(s.links), len(s.gone))
	}
	s.learn(math.MaxUint32, math.MaxUint32)
	s.vanish(1, math.MaxUint32)
	s.expunge(math.MaxUint32)
}

func TestSpansModel(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var s spans
		var in [100]bool
		for range 30 {
			first := rng.IntN(90)
			last := first + rng.IntN(9)
			s.add(uint32(first), uint32(last))
			for i := first; i <= last; i++ {
				in[i] = true
			}
			for i, want := range in {
				if s.has(uint32(i)) != want {
					t.Fatalf("seed %d: has(%d) = %v: %v", seed, i, !want, s)
				}
			}
			for i := 1; i < len(s); i++ {
				if s[i].first <= s[i-1].last+1 {
					t.Fatalf("seed %d: runs touch: %v", seed, s)
				}
			}
		}
	}
}

func TestCountSet(t *testing.T) {
	for _, c := range []struct {
		set  string
		want uint32
	}{
		{"", 0}, {"7", 1}, {"1:3", 3}, {"3:1", 3}, {"1,3,5:6", 4}, {"1:*", 0}, {"*", 0}, {"$", 0},
		{"1:4294967295", 4294967295}, {"1:4294967295,1:4294967295", 4294967295}, {"99999999999999999999999", 1}, {":", 0}, {",,", 0},
		{"0", 0}, {"1:", 0},
	} {
		if got := countSet([]byte(c.set)); got != c.want {
			t.Errorf("%q names %d, not %d", c.set, got, c.want)
		}
	}
}

func TestMailboxNames(t *testing.T) {
	for _, c := range []struct {
		in, want string
		utf8     bool
	}{
		{"iNbOx", "INBOX", false},
		{"inbox", "INBOX", true},
		{"INBOX/a", "INBOX/a", false},
		{"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語", false}, // RFC 3501, section 5.1.3
		{"&Jjo-!", "☺!", false},
		{"&2D3eAA-", "😀", false},
		{"a&-b", "a&b", false},
		{"&-", "&", false},
		{"a&b", "a&b", false},
		{"&", "&", false},
		{"&U,BTF-", "&U,BTF-", false},
		{"&!-", "&!-", false},
		{"&2D0-", "&2D0-", false},
		{"&U,BTFw-", "&U,BTFw-", true},
		{"Entwürfe", "Entwürfe", false},
	} {
		if got := string(appendMailbox([]byte("x"), []byte(c.in), c.utf8)); got != "x"+c.want {
			t.Errorf("%q is %q, not %q", c.in, got[1:], c.want)
		}
	}
}
