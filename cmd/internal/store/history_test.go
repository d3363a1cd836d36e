package store

import (
	"fmt"
	"slices"
	"testing"

	"mailsensor/detectors"
)

func traits(t *testing.T, s *Store, account string) (list []detectors.Trait) {
	t.Helper()
	if err := s.Traits(account, func(x detectors.Trait) bool { list = append(list, x); return true }); err != nil {
		t.Fatal(err)
	}
	return list
}

const second = int64(1e9)

// What an account was seen with is noted once, from when to when, whichever capture comes
// first.
func TestHistory(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	see := func(list ...detectors.Trait) {
		t.Helper()
		if err := s.Save(Snapshot{Traits: list}); err != nil {
			t.Fatal(err)
		}
	}
	see(detectors.Trait{Account: "ann", Kind: detectors.TraitSource, Value: "192.0.2.0/24", First: 50 * second, Last: 60 * second},
		detectors.Trait{Account: "ann", Kind: detectors.TraitClient, Value: "Thunderbird", First: 50 * second, Last: 60 * second},
		detectors.Trait{Account: "bob", Kind: detectors.TraitClient, Value: "mutt", First: second, Last: second})
	see(detectors.Trait{Account: "ann", Kind: detectors.TraitSource, Value: "192.0.2.0/24", First: 20 * second, Last: 30 * second})
	see(detectors.Trait{Account: "ann", Kind: detectors.TraitSource, Value: "192.0.2.0/24", First: 80 * second, Last: 90 * second})
	s.Close()
	s = open(t, dir)
	want := []detectors.Trait{{Account: "ann", Kind: detectors.TraitClient, Value: "Thunderbird", First: 50 * second, Last: 60 * second},
		{Account: "ann", Kind: detectors.TraitSource, Value: "192.0.2.0/24", First: 20 * second, Last: 90 * second}}
	if got := traits(t, s, "ann"); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	var when string // as a person asks
	if err := s.db.QueryRow("SELECT last_seen FROM accounts WHERE value = 'mutt'").Scan(&when); err != nil || when != "1970-01-01T00:00:01Z" {
		t.Error(when, err)
	}
	if err := s.Forget("ann"); err != nil || traits(t, s, "ann") != nil || len(traits(t, s, "bob")) != 1 {
		t.Error(err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	limits := DefaultLimits()
	limits.Traits = maxTraits + 10
	s, err := Open(t.TempDir(), limits)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var list []detectors.Trait
	for i := range int64(maxTraits + 20) {
		list = append(list, detectors.Trait{Account: "ann", Kind: detectors.TraitClient, Value: fmt.Sprint(i), First: i * second, Last: i * second})
	}
	if err := s.Save(Snapshot{Traits: list}); err != nil {
		t.Fatal(err)
	}
	if got := traits(t, s, "ann"); len(got) != maxTraits || got[0].Value != "20" {
		t.Errorf("%d, the first %+v", len(got), got[0])
	}
	list = list[:0]
	for i := range int64(15) {
		list = append(list, detectors.Trait{Account: fmt.Sprint("user", i), Kind: detectors.TraitClient, Value: "x", First: 500 * second, Last: 500 * second})
	}
	if err := s.Save(Snapshot{Traits: list}); err != nil {
		t.Fatal(err)
	}
	if got := traits(t, s, "ann"); len(got) != maxTraits-5 || len(traits(t, s, "user3")) != 1 {
		t.Errorf("%d", len(got))
	}
}
