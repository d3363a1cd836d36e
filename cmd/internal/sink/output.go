package sink

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
	"time"
)

// output is where records go. It belongs to the goroutine of its sink, except that
// deliver may be given up on: it ends when its context does, if it can.
type output interface {
	// deliver sends records and returns those that have to be tried again, in their
	// order; those that were refused for good it counts. An error says why some are
	// to be tried again, as a later if it knows when.
	deliver(ctx context.Context, list []record) (again []record, err error)
	// reopen begins anew what has a name in the file system.
	reopen() error
	close() error
}

// later is an error after which the receiver wants to be left alone for a while.
type later struct {
	error
	after time.Duration
}

func (l later) Unwrap() error { return l.error }

// counters of a sink, written by its goroutine and read by anybody.
type counters struct {
	lines, bytes      atomic.Uint64 // delivered
	rejected          atomic.Uint64 // lines that the receiver refused for good
	errors            atomic.Uint64 // attempts that failed
	lost              atomic.Uint64 // lines that had to be given up at the end
	damaged           atomic.Uint64 // lines of the spool
	spoolErrors       atomic.Uint64
	spoolBytes        atomic.Int64
	spoolLines        atomic.Uint64
	failing           atomic.Bool
	lastDeliveryNanos atomic.Int64 // wall clock
}

// secret reads one from a file, without the line end that an editor adds.
func secret(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r' || b[len(b)-1] == ' ') {
		b = b[:len(b)-1]
	}
	if len(b) == 0 {
		return "", fmt.Errorf("%s is empty", path)
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return "", fmt.Errorf("%s holds more than one line, or what is no ASCII", path)
		}
	}
	return string(b), nil
}

// withoutURL takes the URL out of an error of net/http: its query may be secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
