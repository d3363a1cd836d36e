package store

import (
	"database/sql"
	"time"

	"mailsensor/detectors"
)

// historyTable is for people, too, who ask it with sqlite3: times are RFC 3339 in UTC,
// which sort as text.
const historyTable = `
CREATE TABLE accounts (account TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, UNIQUE (account, kind, value)) STRICT;
CREATE INDEX accounts_by_value ON accounts (kind, value);
CREATE INDEX accounts_by_age ON accounts (last_seen);
`

// maxTraits is how much is kept of an account and kind; what was seen last longest ago
// goes first.
const maxTraits = 64

// remember notes what accounts were seen with. What was noted before only grows: a
// capture may be older than the last one.
func (s *Store) remember(tx *sql.Tx, traits []detectors.Trait) error {
	if len(traits) == 0 {
		return nil
	}
	add, err := tx.Prepare(`INSERT INTO accounts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
		SET first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)`)
	if err != nil {
		return err
	}
	defer add.Close()
	type owner struct {
		account string
		kind    detectors.TraitKind
	}
	touched := map[owner]bool{}
	for _, t := range traits {
		if _, err := add.Exec(t.Account, t.Kind, t.Value, text(t.First), text(t.Last)); err != nil {
			return err
		}
		touched[owner{t.Account, t.Kind}] = true
	}
	drop, err := tx.Prepare(`DELETE FROM accounts WHERE rowid IN
		(SELECT rowid FROM accounts WHERE account = ? AND kind = ? ORDER BY last_seen DESC, value LIMIT -1 OFFSET ?)`)
	if err != nil {
		return err
	}
	defer drop.Close()
	for o := range touched {
		if _, err := drop.Exec(o.account, o.kind, maxTraits); err != nil {
			return err
		}
	}
	_, err = trim(tx, "accounts", "last_seen, account, kind, value", s.limits.Traits)
	return err
}

func text(t int64) string { return time.Unix(0, t).UTC().Format("2006-01-02T15:04:05Z") }

// Traits yields what an account was seen with, by kind, what was seen first first.
func (s *Store) Traits(account string, yield func(t detectors.Trait) bool) error {
	rows, err := s.db.Query("SELECT kind, value, first_seen, last_seen FROM accounts WHERE account = ? ORDER BY kind, first_seen, value", account)
	if err != nil {
		return s.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		t := detectors.Trait{Account: account}
		var first, last string
		if err := rows.Scan(&t.Kind, &t.Value, &first, &last); err != nil {
			return s.explain(err)
		}
		for _, at := range []struct {
			text string
			to   *int64
		}{{first, &t.First}, {last, &t.Last}} {
			x, err := time.Parse(time.RFC3339, at.text)
			if err != nil {
				return s.explain(err)
			}
			*at.to = x.UnixNano()
		}
		if !yield(t) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return s.explain(err)
	}
	return nil
}

// Forget removes the history of an account.
func (s *Store) Forget(account string) error {
	if _, err := s.db.Exec("DELETE FROM accounts WHERE account = ?", account); err != nil {
		return s.explain(err)
	}
	return nil
}
