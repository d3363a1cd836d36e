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

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// FileName is the database in the directory.
const FileName = "mailsensor.db"

const (
	application = 0x6d61696c // "mail": SQLite's application_id

	// MaxAlerts is how many alerts are kept; those that were raised last longest ago go
	// first.
	MaxAlerts = 100_000
)

// steps make the tables, each of what the one before left; a file says in its
// user_version how many were taken.
var steps = []string{
	`CREATE TABLE learned (name TEXT PRIMARY KEY, state BLOB NOT NULL, checksum INTEGER NOT NULL, saved INTEGER NOT NULL) STRICT;
	CREATE TABLE alerts (id TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, severity TEXT NOT NULL, alert BLOB NOT NULL) STRICT;
	CREATE INDEX alerts_by_age ON alerts (last);`,

	`DELETE FROM learned WHERE name = 'alerts';`, // those that went on, in a form of before
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
	Forgotten atomic.Uint64 // alerts beyond MaxAlerts that made room

	db   *sql.DB
	path string
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
func Open(dir string) (*Store, error) {
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
	s := &Store{db: db, path: path}
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
	return s.within(func(tx *sql.Tx) error {
		for _, step := range steps[max(have, 0):] {
			if _, err := tx.Exec(step); err != nil {
				return err
			}
		}
		// Taking the lock for good now is what refuses a second process.
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

// Save replaces the states that are named and stores alerts, all or nothing. now is
// event time, Unix nanoseconds.
func (s *Store) Save(now int64, states map[string][]byte, alerts []Alert) error {
	err := s.within(func(tx *sql.Tx) error {
		for name, state := range states {
			if state == nil {
				state = []byte{}
			}
			if _, err := tx.Exec("INSERT OR REPLACE INTO learned VALUES (?, ?, ?, ?)", name, state, int64(crc32.Checksum(state, castagnoli)), now); err != nil {
				return err
			}
		}
		return s.put(tx, alerts)
	})
	if err != nil {
		return s.explain(err)
	}
	return nil
}

func (s *Store) put(tx *sql.Tx, alerts []Alert) error {
	for _, a := range alerts {
		if _, err := tx.Exec("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?)", a.ID, a.First, a.Last, a.Severity, a.JSON); err != nil {
			return err
		}
	}
	var n int64
	if err := tx.QueryRow("SELECT count(*) FROM alerts").Scan(&n); err != nil {
		return err
	}
	if n <= MaxAlerts {
		return nil
	}
	s.Forgotten.Add(uint64(n - MaxAlerts))
	_, err := tx.Exec("DELETE FROM alerts WHERE id IN (SELECT id FROM alerts ORDER BY last, id LIMIT ?)", n-MaxAlerts)
	return err
}

// Put stores an alert, in the place of what was stored of it before.
func (s *Store) Put(a Alert) error { return s.Save(0, nil, []Alert{a}) }

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
