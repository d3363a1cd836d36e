package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

// accessFlags say who may ask for metrics, and over what.
type accessFlags struct {
	TokenFile string `placeholder:"FILE" help:"File with the bearer token that whoever asks has to show."`
	AuthFile  string `placeholder:"FILE" help:"File with a user and a bcrypt hash a line, as 'htpasswd -nB USER' prints: basic authentication. Read anew when it changes."`
	TLSCert   string `name:"tls-cert" placeholder:"FILE" help:"Certificate, and those of its issuers, in PEM: --listen answers over TLS. Read anew when it changes."`
	TLSKey    string `name:"tls-key" placeholder:"FILE" help:"Private key of --tls-cert, in PEM."`
}

func (f *accessFlags) checkAccess(listen string) error {
	switch {
	case (f.TLSCert == "") != (f.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key belong together: give both")
	case f.TokenFile == "" && f.AuthFile == "" && !isLoopback(listen):
		return fmt.Errorf("--listen %s can be reached from other machines: give a --token-file or an --auth-file, or listen on 127.0.0.1", listen)
	}
	return nil
}

// folders are those of the files that are read anew.
func (f *accessFlags) folders() (list []string) {
	for _, path := range []string{f.AuthFile, f.TLSCert, f.TLSKey} {
		if path != "" {
			list = append(list, filepath.Dir(path))
		}
	}
	return list
}

// access lets in who shows a token or a password, where either is asked for. It is for
// any number of goroutines.
type access struct {
	token [sha256.Size]byte // zero: there is none
	users *reread[users]    // nil: there are none
	cert  *reread[*tls.Certificate]

	checks chan struct{} // who waits for bcrypt, which is slow
	one    sync.Mutex    // one bcrypt at a time: strangers get no more than one CPU
}

// maxChecks is how many may wait for their password to be checked.
const maxChecks = 16

// maxCost bounds the work of a hash: 2^14 rounds take about a second.
const maxCost = 14

func newAccess(f *accessFlags, failed func(path string, err error)) (*access, error) {
	a := &access{checks: make(chan struct{}, maxChecks)}
	if f.TokenFile != "" {
		token, err := os.ReadFile(f.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
		token = bytes.TrimSpace(token)
		if len(token) < 16 {
			return nil, errors.New("--token-file: the token has fewer than 16 characters")
		}
		a.token = sha256.Sum256(token)
	}
	var err error
	if f.AuthFile != "" {
		if a.users, err = newReread(func() (users, error) { return readUsers(f.AuthFile) }, failed, f.AuthFile); err != nil {
			return nil, fmt.Errorf("--auth-file: %w", err)
		}
	}
	if f.TLSCert != "" {
		load := func() (*tls.Certificate, error) {
			c, err := tls.LoadX509KeyPair(f.TLSCert, f.TLSKey)
			return &c, err
		}
		if a.cert, err = newReread(load, failed, f.TLSCert, f.TLSKey); err != nil {
			return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
		}
	}
	return a, nil
}

// tls is nil where there is no certificate.
func (a *access) tls() *tls.Config {
	if a.cert == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return a.cert.get(), nil
	}}
}

// guard lets in who is allowed.
func (a *access) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := a.allows(r)
		switch status {
		case http.StatusOK:
			next.ServeHTTP(w, r)
			return
		case http.StatusUnauthorized:
			if a.users != nil {
				w.Header().Add("WWW-Authenticate", `Basic realm="mailsensor", charset="UTF-8"`)
			}
			if a.token != [sha256.Size]byte{} {
				w.Header().Add("WWW-Authenticate", "Bearer")
			}
		}
		http.Error(w, http.StatusText(status), status)
	})
}

func (a *access) allows(r *http.Request) (status int) {
	hasToken := a.token != [sha256.Size]byte{}
	if !hasToken && a.users == nil {
		return http.StatusOK
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && hasToken {
		if sum := sha256.Sum256([]byte(token)); subtle.ConstantTimeCompare(sum[:], a.token[:]) == 1 {
			return http.StatusOK
		}
	}
	user, password, ok := r.BasicAuth()
	if !ok || a.users == nil {
		return http.StatusUnauthorized
	}
	select {
	case a.checks <- struct{}{}:
		defer func() { <-a.checks }()
	default:
		return http.StatusServiceUnavailable
	}
	a.one.Lock()
	defer a.one.Unlock()
	if a.users.get().check(user, password) {
		return http.StatusOK
	}
	return http.StatusUnauthorized
}

// users are hashes by name, and the last password of each that was right, hashed
// quickly: a scrape should not cost a bcrypt. Only check touches them.
type users map[string]*user

type user struct {
	hash  []byte
	right [sha256.Size]byte
}

// check reports whether the password is the user's. It takes as long for a user that
// does not exist.
func (u users) check(name, password string) bool {
	known, ok := u[name]
	if !ok {
		for _, other := range u {
			_ = bcrypt.CompareHashAndPassword(other.hash, []byte(password))
			break
		}
		return false
	}
	sum := sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(sum[:], known.right[:]) == 1 {
		return true
	}
	if bcrypt.CompareHashAndPassword(known.hash, []byte(password)) != nil {
		return false
	}
	known.right = sum
	return true
}

func readUsers(path string) (users, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	list := users{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, hash, _ := strings.Cut(line, ":")
		cost, err := bcrypt.Cost([]byte(hash))
		if err != nil || name == "" || cost > maxCost {
			return nil, fmt.Errorf("%s: line %d is no user and bcrypt hash of a cost of at most %d: 'htpasswd -nB USER' prints one", path, n, maxCost)
		}
		list[name] = &user{hash: []byte(hash)}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no user: 'htpasswd -nB USER' prints a line", path)
	}
	return list, nil
}

// reread is what files hold, read anew when they have changed. While they are not
// good it is what they held before.
type reread[T any] struct {
	load   func() (T, error)
	failed func(path string, err error)
	paths  []string

	mu    sync.Mutex
	look  string
	value T
}

func newReread[T any](load func() (T, error), failed func(path string, err error), paths ...string) (*reread[T], error) {
	w := &reread[T]{load: load, failed: failed, paths: paths}
	w.look = (&listWatch{paths: paths}).look()
	var err error
	w.value, err = load()
	return w, err
}

func (w *reread[T]) get() T {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := (&listWatch{paths: w.paths}).look()
	if now == w.look {
		return w.value
	}
	w.look = now
	v, err := w.load()
	if err != nil {
		w.failed(strings.Join(w.paths, ", "), err)
		return w.value
	}
	w.value = v
	return v
}
