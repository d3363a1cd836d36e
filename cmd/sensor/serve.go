package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"mailsensor/capture/live"
	"mailsensor/cmd/internal/metrics"
)

// listenNowhere is the --listen that opens no listener.
const listenNowhere = "none"

// server answers how the sensor is doing.
type server struct {
	http     http.Server
	listener net.Listener
	token    [sha256.Size]byte
	open     bool // no token is asked for
}

// newServer opens the listener, and answers once serve is called.
func newServer(address, tokenFile string, r *metrics.Registry, d *daemon) (*server, error) {
	s := &server{open: tokenFile == ""}
	if !s.open {
		token, err := os.ReadFile(tokenFile)
		if err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
		token = bytes.TrimSpace(token)
		if len(token) < 16 {
			return nil, errors.New("--token-file: the token has fewer than 16 characters")
		}
		s.token = sha256.Sum256(token)
	}
	var err error
	if s.listener, err = net.Listen("tcp", address); err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		r.Write(w)
	})
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, d.healthy(), "the pipeline goes on", "the pipeline is stuck")
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		ok, states := ready(d.source.Stats())
		answer(w, ok && d.healthy(), states, states)
	})
	s.http = http.Server{Handler: s.guard(mux), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	return s, nil
}

func answer(w http.ResponseWriter, ok bool, good, bad string) {
	if !ok {
		http.Error(w, bad, http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, good)
}

// ready reports whether an interface is up, and what all of them are.
func ready(stats live.Stats) (ok bool, states string) {
	var b strings.Builder
	for _, i := range stats.Interfaces {
		ok = ok || i.State == live.Up
		fmt.Fprintf(&b, "%s is %s\n", i.Name, i.State)
	}
	return ok, strings.TrimSpace(b.String())
}

// guard lets in who shows the token, where there is one.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.open {
			token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if sum := sha256.Sum256([]byte(token)); subtle.ConstantTimeCompare(sum[:], s.token[:]) != 1 {
				w.Header().Set("WWW-Authenticate", "Bearer")
				http.Error(w, "a bearer token is needed", http.StatusUnauthorized)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) serve(log *slog.Logger) {
	log.Info("listening", "address", s.listener.Addr().String())
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		log.Error("listener", "error", err)
	}
}

func (s *server) close() {
	s.http.Close()
	s.listener.Close()
}
