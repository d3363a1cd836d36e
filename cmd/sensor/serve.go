package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
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
	access   *access
}

// newServer opens the listener, and answers once serve is called.
func newServer(address string, a *access, r *metrics.Registry, d *daemon) (*server, error) {
	s := &server{access: a}
	var err error
	if s.listener, err = net.Listen("tcp", address); err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		r.Write(w, scraper(req))
	})
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, d.healthy(), "the pipeline goes on", "the pipeline is stuck")
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		ok, states := ready(d.source.Stats())
		answer(w, ok && d.healthy(), states, states)
	})
	s.http = http.Server{ErrorLog: log.New(io.Discard, "", 0), // of handshakes that fail
		Handler: a.guard(mux), TLSConfig: a.tls(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}} // no HTTP/2: nobody who asks needs it
	return s, nil
}

// scraper tells one that asks for metrics from another: by address and program, and by
// what stands behind the question mark, where two are one in that.
func scraper(req *http.Request) string {
	host, _, _ := net.SplitHostPort(req.RemoteAddr)
	s := host + " " + req.UserAgent() + " " + req.URL.RawQuery
	return s[:min(len(s), 512)]
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

func (s *server) serve(log *slog.Logger) {
	address := s.listener.Addr().String()
	log.Info("listening", "address", address, "tls", s.http.TLSConfig != nil)
	if s.http.TLSConfig == nil && !isLoopback(address) {
		log.Warn("tokens and passwords pass in clear text: give --tls-cert and --tls-key", "address", address)
	}
	serve := s.http.Serve
	if s.http.TLSConfig != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	if err := serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		log.Error("listener", "error", err)
	}
}

func (s *server) close() {
	s.http.Close()
	s.listener.Close()
}
