// Package store keeps on disk what a sensor has learned and whom it has alerted, in an
// embedded SQLite database (https://sqlite.org/wal.html), so that a restart does not
// begin anew. It exists beside the library so that what is promised is at one place:
//
//   - A snapshot of what was learned is whole or not there, with the alerts of its time.
//   - An alert is on disk before Put returns; a process that is killed loses none.
//   - A file that is damaged, or that a newer program wrote, is refused and left as it is.
//   - One process at a time: a second is refused.
//
// What an alert holds is what the JSON of detectors.Alert holds: no secrets, no bodies.
package store

import (
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"mailsensor/detectors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// FileName is the database in the directory.
const FileName = "mailsensor.db"

const (
	application = 0x6d61696c // "mail": SQLite's application_id
)

// Limits are how much is kept; what is beyond goes, those seen last longest ago first, and
// is counted.
type Limits struct {
	Alerts int           // alerts
	Age    time.Duration // of alerts, by event time since they were raised last
	Traits int           // lines of the history of accounts
}

// DefaultLimits are those that are shipped.
func DefaultLimits() Limits {
	return Limits{Alerts: 100_000, Age: 400 * 24 * time.Hour, Traits: 1_000_000}
}

// steps make the tables, each of what the one before left; a file says in its
// user_version how many were taken.
var steps = []string{
	`CREATE TABLE learned (name TEXT PRIMARY KEY, state BLOB NOT NULL, checksum INTEGER NOT NULL, saved INTEGER NOT NULL) STRICT;
	CREATE TABLE alerts (id TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, severity TEXT NOT NULL, alert BLOB NOT NULL) STRICT;
	CREATE INDEX alerts_by_age ON alerts (last);`,

	`DELETE FROM learned WHERE name = 'alerts';`, // those that went on, in a form of before

	historyTable,
}

// What Open and Learned may find; each error says what to do.
var (
	ErrDamaged = errors.New("the state is damaged")
	ErrNewer   = errors.New("the state was written by a newer version")
	ErrInUse   = errors.New("the state is in use")
)

// Store is an open database. It is for any number of goroutines; each waits for the
// others.
type Store struct {
	Forgotten atomic.Uint64 // alerts beyond the limits

	db     *sql.DB
	path   string
	limits Limits
}

// Alert is an alert as it is stored.
type Alert struct {
	ID          string
	First, Last int64 // Unix nanoseconds
	Severity    string
	JSON        []byte // the line of --alerts
}

// Open opens the state in dir, which it makes where it is missing, for nobody else to
// read.
func Open(dir string, l Limits) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, FileName)
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil { // SQLite would let others read it
		return nil, err
	} else if err := f.Close(); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+escaped(path)+"?_pragma=locking_mode(EXCLUSIVE)&_pragma=busy_timeout(0)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &Store{db: db, path: path, limits: l}
	if err := s.begin(); err != nil {
		db.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

// escaped makes a path fit for a file: URI (RFC 3986, section 2.1).
func escaped(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// begin checks what is there, or makes the tables.
func (s *Store) begin() error {
	var app int64
	var have int
	if err := s.db.QueryRow("PRAGMA application_id").Scan(&app); err != nil {
		return err
	}
	if err := s.db.QueryRow("PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	var n int
	if err := s.db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&n); err != nil {
		return err
	}
	switch {
	case n > 0 && app != application:
		return fmt.Errorf("%w: the file is another program's", ErrDamaged)
	case have > len(steps):
		return fmt.Errorf("%w: %d, this one knows %d", ErrNewer, have, len(steps))
	}
	var sound string
	if err := s.db.QueryRow("PRAGMA quick_check(1)").Scan(&sound); err != nil {
		return err
	}
	if sound != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, strings.ReplaceAll(sound, "\n", " "))
	}
	var mode string
	if err := s.db.QueryRow("PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if _, err := s.db.Exec("PRAGMA synchronous = FULL"); err != nil {
		return err
	}
	if have == len(steps) {
		// Taking the lock for good now is what refuses a second process. Nothing is
		// written: the disk may be full.
		_, err := s.db.Exec("BEGIN EXCLUSIVE; COMMIT")
		return err
	}
	return s.within(func(tx *sql.Tx) error {
		for _, step := range steps[max(have, 0):] {
			if _, err := tx.Exec(step); err != nil {
				return err
			}
		}
		_, err := tx.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", application, len(steps)))
		return err
	})
}

// explain says in words what is wrong with the file and what to do.
func (s *Store) explain(err error) error {
	code := 0
	var e *sqlite.Error
	if errors.As(err, &e) {
		code = e.Code() & 0xff
	}
	switch {
	case code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED:
		err = fmt.Errorf("%w by another sensor: stop that one, or give this one a --state of its own", ErrInUse)
	case code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB:
		err = fmt.Errorf("%w (%v): it was not touched; move it away to learn anew, or put a backup in its place", ErrDamaged, err)
	case code == sqlite3.SQLITE_FULL:
		err = fmt.Errorf("%w (%v)", syscall.ENOSPC, err)
	case errors.Is(err, ErrDamaged):
		err = fmt.Errorf("%w; it was not touched: move it away to learn anew, or put a backup in its place", err)
	case errors.Is(err, ErrNewer):
		err = fmt.Errorf("%w; it was not touched: run that version, or move the file away to learn anew", err)
	}
	return fmt.Errorf("%s: %w", s.path, err)
}

func (s *Store) within(f func(*sql.Tx) error) error {
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		tx.Rollback()
		return err
	}
	return tx.Commit()
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Learned returns a state that Save was given, nil where it was given none, and when
// it was saved, in event time.
func (s *Store) Learned(name string) (state []byte, saved int64, err error) {
	var sum int64
	err = s.db.QueryRow("SELECT state, checksum, saved FROM learned WHERE name = ?", name).Scan(&state, &sum, &saved)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err == nil && sum != int64(crc32.Checksum(state, castagnoli)) {
		err = fmt.Errorf("%w: wrong checksum of %s", ErrDamaged, name)
	}
	if err != nil {
		return nil, 0, s.explain(err)
	}
	return state, saved, nil
}

// Snapshot is what is saved together.
type Snapshot struct {
	Now    int64             // event time, Unix nanoseconds; 0: not known
	States map[string][]byte // by name; those that are not named stay
	Alerts []Alert
	Traits []detectors.Trait // of accounts, seen since the last snapshot
}

// Save stores a snapshot, all of it or nothing.
func (s *Store) Save(shot Snapshot) error {
	err := s.within(func(tx *sql.Tx) error {
		for name, state := range shot.States {
			if state == nil {
				state = []byte{}
			}
			if _, err := tx.Exec("INSERT OR REPLACE INTO learned VALUES (?, ?, ?, ?)", name, state, int64(crc32.Checksum(state, castagnoli)), shot.Now); err != nil {
				return err
			}
		}
		if err := s.remember(tx, shot.Traits); err != nil {
			return err
		}
		return s.put(tx, shot.Now, shot.Alerts)
	})
	if err != nil {
		return s.explain(err)
	}
	return nil
}

func (s *Store) put(tx *sql.Tx, now int64, alerts []Alert) error {
	for _, a := range alerts {
		if _, err := tx.Exec("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?)", a.ID, a.First, a.Last, a.Severity, a.JSON); err != nil {
			return err
		}
	}
	if now > 0 {
		old, err := tx.Exec("DELETE FROM alerts WHERE last < ?", now-int64(s.limits.Age))
		if err != nil {
			return err
		}
		n, _ := old.RowsAffected() // SQLite always knows
		s.Forgotten.Add(uint64(n))
	}
	n, err := trim(tx, "alerts", "last, id", s.limits.Alerts)
	s.Forgotten.Add(uint64(n))
	return err
}

// trim lets go of what a table has beyond a limit, in an order, and returns how much.
func trim(tx *sql.Tx, table, order string, most int) (beyond int, err error) {
	if err := tx.QueryRow("SELECT count(*) FROM " + table).Scan(&beyond); err != nil {
		return 0, err
	}
	if beyond -= most; beyond <= 0 {
		return 0, nil
	}
	_, err = tx.Exec(fmt.Sprintf("DELETE FROM %[1]s WHERE rowid IN (SELECT rowid FROM %[1]s ORDER BY %[2]s LIMIT ?)", table, order), beyond)
	return beyond, err
}

// Put stores an alert, in the place of what was stored of it before.
func (s *Store) Put(a Alert) error { return s.Save(Snapshot{Alerts: []Alert{a}}) }

// Alerts yields all alerts, the oldest first, to the first error.
func (s *Store) Alerts(yield func(Alert) bool) error {
	rows, err := s.db.Query("SELECT id, first, last, severity, alert FROM alerts ORDER BY first, id")
	if err != nil {
		return s.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var a Alert
		if err := rows.Scan(&a.ID, &a.First, &a.Last, &a.Severity, &a.JSON); err != nil {
			return s.explain(err)
		}
		if !yield(a) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return s.explain(err)
	}
	return nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }
