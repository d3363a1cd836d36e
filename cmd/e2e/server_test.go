package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"
)

// output is what a running program prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// need returns the path of a program, or skips the test.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("no %s on this machine (Debian has it)", program)
	}
	return path
}

// run runs a program to its end, which has to be a good one.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// server answers questions as Prometheus does.
type server struct {
	t       *testing.T
	url     string
	process *os.Process
}

// start runs a program until the test ends, and waits until it answers at health.
func start(t *testing.T, address, health, program string, args ...string) server {
	t.Helper()
	var log output
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
		}
		if t.Failed() {
			t.Logf("%s:\n%s", program, tail(log.String()))
		}
	})
	s := server{t, "http://" + address, cmd.Process}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		res, err := http.Get(s.url + health)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return s
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer: %v", program, err)
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", program, err, tail(log.String()))
		default:
		}
	}
}

func tail(log string) string { return log[max(0, len(log)-1500):] }

// get asks the API and decodes its data.
func (s server) get(path string, args url.Values, data any) error {
	res, err := http.PostForm(s.url+path, args)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var doc struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.Unmarshal(text, &doc); err != nil || doc.Status != "success" {
		return fmt.Errorf("%s %s: %s", res.Status, doc.Error, text[:min(len(text), 300)])
	}
	return json.Unmarshal(doc.Data, data)
}

// answer is how much data came.
type answer struct {
	series, samples, nonzero int
	last                     float64
}

// ask evaluates an expression: at the end of the window, or all over it.
func (s server) ask(w window, expr string, instant bool) (a answer, err error) {
	args, path := url.Values{"query": {expr}}, "/api/v1/query"
	if instant {
		args.Set("time", stamp(w.to))
	} else {
		path = "/api/v1/query_range"
		args["start"], args["end"], args["step"] = []string{stamp(w.from)}, []string{stamp(w.to)}, []string{strconv.FormatFloat(w.step.Seconds(), 'f', -1, 64)}
	}
	var data struct {
		ResultType string
		Result     json.RawMessage
	}
	if err := s.get(path, args, &data); err != nil {
		return a, err
	}
	if data.ResultType == "scalar" {
		return answer{1, 1, 1, 1}, nil
	}
	var result []struct {
		Value  [2]any
		Values [][2]any
	}
	if err := json.Unmarshal(data.Result, &result); err != nil {
		return a, err
	}
	for _, r := range result {
		a.series++
		for _, v := range append(r.Values, r.Value) {
			text, ok := v[1].(string)
			if !ok {
				continue
			}
			x, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return a, err
			}
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				a.samples, a.last = a.samples+1, x
				if x != 0 {
					a.nonzero++
				}
			}
		}
	}
	return a, nil
}

// values returns the values of a label of the series that match.
func (s server) values(w window, match, label string) (values []string) {
	s.t.Helper()
	args := url.Values{"match[]": {match}, "start": {stamp(w.from)}, "end": {stamp(w.to)}}
	res, err := http.Get(s.url + "/api/v1/label/" + label + "/values?" + args.Encode())
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var doc struct {
		Status string
		Data   []string
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil || doc.Status != "success" {
		s.t.Errorf("values of %s of %s: %s, %v", label, match, doc.Status, err)
	}
	return doc.Data
}

func stamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// free returns an address on loopback on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
