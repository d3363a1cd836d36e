package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func all(t *testing.T, s *Store) (list []Alert) {
	t.Helper()
	if err := s.Alerts(func(a Alert) bool { list = append(list, a); return true }); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a?b#c%", "state")
	s := open(t, dir)
	if state, saved, err := s.Learned("habits"); state != nil || saved != 0 || err != nil {
		t.Fatal(state, saved, err)
	}
	big := bytes.Repeat([]byte{1, 0, 2}, 1<<20)
	if err := s.Save(Snapshot{Now: 7, States: map[string][]byte{"habits": big, "empty": nil}, Alerts: []Alert{{"x", 1, 2, "low", []byte(`{"a":1}`)}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(Alert{"x", 1, 9, "high", []byte(`{"a":2}`)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(Alert{"w", 0, 3, "low", []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir)
	state, saved, err := s.Learned("habits")
	if !bytes.Equal(state, big) || saved != 7 || err != nil {
		t.Fatal(len(state), saved, err)
	}
	want := []Alert{{"w", 0, 3, "low", []byte(`{}`)}, {"x", 1, 9, "high", []byte(`{"a":2}`)}}
	if got := all(t, s); !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
	for _, name := range []string{"", FileName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q can be read by others: %v %v", name, info.Mode(), err)
		}
	}
}

func TestBound(t *testing.T) {
	const day = 24 * time.Hour
	s, err := Open(t.TempDir(), Limits{Alerts: 10, Age: 2 * day, Traits: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var list []Alert
	for i := range 15 {
		list = append(list, Alert{fmt.Sprint(i), int64(i), int64(i) * int64(day/4), "low", []byte("{}")})
	}
	if err := s.Save(Snapshot{Alerts: list}); err != nil { // no event time: by number only
		t.Fatal(err)
	}
	if got := all(t, s); len(got) != 10 || got[0].ID != "5" || s.Forgotten.Load() != 5 {
		t.Error(len(got), got[0].ID, s.Forgotten.Load())
	}
	if err := s.Save(Snapshot{Now: int64(4 * day)}); err != nil {
		t.Fatal(err)
	}
	if got := all(t, s); len(got) != 7 || got[0].ID != "8" || s.Forgotten.Load() != 8 {
		t.Error(len(got), got[0].ID, s.Forgotten.Load())
	}
}

// What is refused is not touched.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(path string) error
		want  error
	}{
		"no database": {func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("text "), 1000), 0o600) }, ErrDamaged},
		"cut short":   {func(path string) error { return os.Truncate(path, 8192+100) }, ErrDamaged},
		"a page overwritten": {func(path string) error {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteAt(bytes.Repeat([]byte{0xee}, 4096), 4096)
			return err
		}, ErrDamaged},
		"newer":           {func(path string) error { return change(path, "PRAGMA user_version = 99") }, ErrNewer},
		"another program": {func(path string) error { return change(path, "PRAGMA application_id = 1") }, ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			if err := s.Save(Snapshot{Now: 1, States: map[string][]byte{"habits": bytes.Repeat([]byte("x"), 1<<16)}}); err != nil {
				t.Fatal(err)
			}
			s.Close()
			path := filepath.Join(dir, FileName)
			if err := c.spoil(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path)
			_, err := Open(dir, DefaultLimits())
			if !errors.Is(err, c.want) {
				t.Fatal(err)
			}
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move ") {
				t.Errorf("does not say which file, or what to do: %v", err)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

// A file of the first version is gone on with: what was learned and alerted is there.
func TestOlder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	old := steps[0] + fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 1;", application) +
		fmt.Sprintf("INSERT INTO learned VALUES ('habits', x'68', %d, 7), ('alerts', x'7b', 0, 7);", crc32.Checksum([]byte("h"), castagnoli)) +
		"INSERT INTO alerts VALUES ('x', 1, 2, 'low', x'7b7d');"
	if err := change(path, old); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as it is then, too
		s := open(t, dir)
		if state, saved, err := s.Learned("habits"); string(state) != "h" || saved != 7 || err != nil {
			t.Errorf("%q %d %v", state, saved, err)
		}
		if state, _, err := s.Learned("alerts"); state != nil || err != nil {
			t.Errorf("%q %v", state, err)
		}
		if got := all(t, s); len(got) != 1 || got[0].ID != "x" {
			t.Error(got)
		}
		s.Close()
	}
}

func change(path, statement string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

// A state that is not what was saved is not handed out.
func TestChecksum(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Save(Snapshot{Now: 1, States: map[string][]byte{"habits": []byte("learned")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec("UPDATE learned SET state = x'00'"); err != nil {
		t.Fatal(err)
	}
	if state, _, err := s.Learned("habits"); !errors.Is(err, ErrDamaged) || state != nil {
		t.Error(state, err)
	}
}

func TestSecondIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := Open(dir, DefaultLimits()); !errors.Is(err, ErrInUse) {
		t.Fatal(err)
	}
	if err := s.Put(Alert{"x", 1, 2, "low", []byte("{}")}); err != nil {
		t.Fatal(err)
	}
}

// A disk that is full is an error, what was saved before stays, and when there is room
// again it goes on.
func TestFull(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Save(Snapshot{Now: 1, States: map[string][]byte{"habits": []byte("before")}}); err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := s.db.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		if _, err := s.db.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + 1)
	large := bytes.Repeat([]byte("x"), 1<<20)
	if err := s.Save(Snapshot{Now: 2, States: map[string][]byte{"habits": large}}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if state, saved, err := s.Learned("habits"); string(state) != "before" || saved != 1 || err != nil {
		t.Error(string(state), saved, err)
	}
	limit(1 << 20)
	if err := s.Save(Snapshot{Now: 3, States: map[string][]byte{"habits": large}}); err != nil {
		t.Error(err)
	}
}

// TestKilled saves in another process, which is killed at any moment.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("MAILSENSOR_TEST_STORE"); dir != "" {
		s, err := Open(dir, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; ; i++ {
			id := fmt.Sprintf("%d-%d", os.Getpid(), i)
			if err := s.Put(Alert{id, int64(i), int64(i), "low", []byte("{}")}); err != nil {
				t.Fatal(err)
			}
			fmt.Println("alert", i)
			if err := s.Save(Snapshot{Now: int64(i), States: map[string][]byte{"a": bytes.Repeat([]byte{byte(i)}, 100_000), "b": {byte(i)}}}); err != nil {
				t.Fatal(err)
			}
			fmt.Println("saved", i)
		}
	}
	dir := t.TempDir()
	last := 0
	for round := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "MAILSENSOR_TEST_STORE="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		printed, saved := 0, 0
		for n := range 3 + 7*round {
			var what string
			var i int
			if _, err := fmt.Fscan(out, &what, &i); err != nil {
				t.Fatal(n, err)
			}
			if what == "alert" {
				printed = i
			} else {
				saved = i
			}
		}
		cmd.Process.Kill()
		cmd.Wait()
		s := open(t, dir)
		stored := map[string]bool{}
		for _, a := range all(t, s) {
			stored[a.ID] = true
		}
		for i := range printed {
			if id := fmt.Sprintf("%d-%d", cmd.Process.Pid, i+1); !stored[id] {
				t.Errorf("alert %s of %d was printed and is not stored", id, printed)
			}
		}
		a, at, err := s.Learned("a")
		b, _, err2 := s.Learned("b")
		if err != nil || err2 != nil || at < int64(saved) || len(a) != 100_000 || a[0] != byte(at) || a[99_999] != byte(at) || b[0] != byte(at) {
			t.Errorf("saved %d, found %d: %v %v", saved, at, err, err2)
		}
		last = max(last, saved)
		s.Close()
	}
	if last < 10 {
		t.Errorf("hardly anything was saved: %d", last)
	}
}
