package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// labCall is what of an event the test of the mail APIs reads.
type labCall struct {
	Type, API, Command, Source string
	Listed                     bool
	Account                    string
	Items                      json.RawMessage
	Actions                    []struct{ Action, Target string }
}

// What each mail API did in the lab: messages that were sent whole, distinct ones,
// and whom rules send mail to.
func TestLabMailAPIs(t *testing.T) {
	dir := os.Getenv("MAILSENSOR_CAPTURES")
	if dir == "" {
		t.Skip("MAILSENSOR_CAPTURES is not set: the captures of real servers are not walked")
	}
	b, err := os.ReadFile(filepath.Join(dir, "14-webmail-api.truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Totals struct {
			ByAPI map[string]struct {
				Fetches  int `json:"message_fetch_ops"`
				Distinct int
			} `json:"by_api"`
			Targets []string `json:"forward_targets"`
		}
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	events := filepath.Join(t.TempDir(), "events.jsonl")
	var out, errs bytes.Buffer
	if code := run([]string{"replay", "--quiet", "--json", "--events", events, filepath.Join(dir, "14-webmail-api.pcap")}, nil, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	lines, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	fetches, distinct := map[string]int{}, map[string]map[string]bool{}
	var targets []string
	for l := range bytes.Lines(lines) {
		var e labCall
		if err := json.Unmarshal(l, &e); err != nil {
			t.Fatal(err)
		}
		for _, a := range e.Actions {
			if a.Action == "forward" || a.Action == "redirect" {
				targets = append(targets, a.Target)
			}
		}
		if e.Type != "mailbox_read" {
			continue
		}
		var items []struct {
			Kind string
			ID   json.RawMessage
		}
		if err := json.Unmarshal(e.Items, &items); err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			if it.Kind != "whole" {
				continue
			}
			fetches[e.Command]++
			if distinct[e.Command] == nil {
				distinct[e.Command] = map[string]bool{}
			}
			distinct[e.Command][e.Account+string(it.ID)] = true
		}
	}
	for api, want := range truth.Totals.ByAPI {
		if fetches[api] != want.Fetches || len(distinct[api]) != want.Distinct {
			t.Errorf("%s: %d messages, %d distinct; want %d, %d", api, fetches[api], len(distinct[api]), want.Fetches, want.Distinct)
		}
	}
	slices.Sort(targets)
	if got := slices.Compact(targets); !slices.Equal(got, truth.Totals.Targets) {
		t.Errorf("targets %s, want %s", strings.Join(got, " "), strings.Join(truth.Totals.Targets, " "))
	}
}
