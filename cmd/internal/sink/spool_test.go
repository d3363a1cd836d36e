package sink

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func lines(from, to int) (list []record) {
	for i := from; i < to; i++ {
		kind := byte(kindEvent)
		if i%7 == 0 {
			kind = kindAlert
		}
		list = append(list, record{kind, fmt.Appendf(nil, `{"n":%d,"text":"%0*d"}`, i, 50+i%50, 0)})
	}
	return list
}

func mustSpool(t *testing.T, dir string, limit int64) *spool {
	t.Helper()
	s, err := openSpool(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// drain takes up to n records out of a spool.
func drain(t *testing.T, s *spool, n int) (got []record) {
	t.Helper()
	for len(got) < n {
		list := s.next(5000, min(17, n-len(got)))
		if len(list) == 0 {
			return got
		}
		for _, r := range list {
			got = append(got, record{r.kind, bytes.Clone(r.line)})
		}
		if err := s.ack(len(list)); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

func equal(t *testing.T, got, want []record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].kind != want[i].kind || !bytes.Equal(got[i].line, want[i].line) {
			t.Fatalf("record %d is %q, want %q", i, got[i].line, want[i].line)
		}
	}
}

// What goes in comes out in order, over restarts in between, and leaves nothing.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	s := mustSpool(t, dir, 1<<20)
	var got []record
	for i := range 10 {
		if n, err := s.append(lines(i*500, i*500+500)); n != 500 || err != nil {
			t.Fatal(n, err)
		}
		got = append(got, drain(t, s, 333)...)
		if want := uint64((i + 1) * (500 - 333)); s.records != want {
			t.Fatalf("%d records are left, want %d", s.records, want)
		}
		if i%3 == 2 {
			if _, err := openSpool(dir, 1<<20); err == nil {
				t.Fatal("two have the same spool")
			}
			if err := s.close(); err != nil {
				t.Fatal(err)
			}
			s = mustSpool(t, dir, 1<<20)
		}
	}
	got = append(got, drain(t, s, 9999)...)
	equal(t, got, lines(0, 5000))
	if s.bytes != 0 || s.records != 0 || s.damaged != 0 || !s.empty() {
		t.Errorf("%+v", s)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.spool")); len(left) != 0 {
		t.Error(left)
	}
	s.close()
	s = mustSpool(t, dir, 1<<20) // the position of before does not hide what is new
	s.append(lines(0, 10))
	s.close()
	s = mustSpool(t, dir, 1<<20)
	equal(t, drain(t, s, 99), lines(0, 10))
}

func TestSpoolIsBounded(t *testing.T) {
	s := mustSpool(t, t.TempDir(), 100<<10)
	n, err := s.append(lines(0, 5000))
	if err != nil || s.bytes > 100<<10 || s.bytes < 99<<10 || s.fits(lines(n, n+2)) {
		t.Fatal(n, err, s.bytes)
	}
	equal(t, drain(t, s, 9999), lines(0, n))
	if m, _ := s.append(lines(n, n+100)); m != 100 {
		t.Error("no room after it was emptied")
	}
}

// A record that is damaged is skipped and counted, and no other.
func TestSpoolSkipsWhatIsDamaged(t *testing.T) {
	dir := t.TempDir()
	s := mustSpool(t, dir, 1<<20)
	s.append(lines(0, 1000))
	s.close()
	names, _ := filepath.Glob(filepath.Join(dir, "*.spool"))
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	all := bytes.SplitAfter(b, []byte{'\n'})
	all[3][20] ^= 1              // content
	all[5][4] ^= 1               // CRC
	all[7] = []byte("rubbish\n") // no record at all
	all[9][0] = kindAlert        // kind
	last := len(all) - 2
	all[last] = all[last][:30] // torn
	if err := os.WriteFile(names[0], bytes.Join(all, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	s = mustSpool(t, dir, 1<<20)
	var want []record
	for i, r := range lines(0, 1000) {
		if i != 3 && i != 5 && i != 7 && i != 9 && i != last {
			want = append(want, r)
		}
	}
	equal(t, drain(t, s, 9999), want)
	if s.damaged != 5 || s.records != 0 {
		t.Errorf("%d damaged, %d left", s.damaged, s.records)
	}
}

// Whatever is in the folder, the spool takes what is good and comes to an end.
func FuzzSpool(f *testing.F) {
	f.Add(appendLine(appendLine(nil, lines(0, 1)[0]), lines(1, 2)[0]), []byte("0000000000000001 20\n"))
	f.Add([]byte("e 00000000 x\n\n\x00"), []byte("x"))
	f.Fuzz(func(t *testing.T, segment, position []byte) {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "0000000000000001.spool"), segment, 0o600)
		os.WriteFile(filepath.Join(dir, "position"), position, 0o600)
		s := mustSpool(t, dir, 1<<20)
		defer s.close()
		if n, err := s.append(lines(0, 3)); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		got := drain(t, s, 1<<20)
		equal(t, got[len(got)-3:], lines(0, 3))
		if s.records != 0 || s.bytes != 0 {
			t.Errorf("%+v", s)
		}
	})
}
