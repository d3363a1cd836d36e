package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// ruleTruth is what of a truth file is about rules: what clients did in ManageSieve
// and in web services.
type ruleTruth struct {
	Totals struct {
		Put      *float64 `json:"clear_putscript_ok"`
		Failed   float64  `json:"auth_failed"`
		Redirect []string `json:"clear_redirect_targets"`
		Forward  []string `json:"forward_targets"`
	} `json:"totals"`
	Client struct {
		Flows []scriptFlow `json:"flows"`
	} `json:"client_side"`
}

type scriptFlow struct {
	Proto, TLS string
	Auth       []struct {
		User string
		OK   bool
	}
	Put []struct {
		Name     string
		Accepted bool
		Targets  []string `json:"redirect_targets"`
	} `json:"putscript"`
	Active []struct {
		Name string
		OK   bool
	} `json:"setactive"`
	Deleted []string
}

// rulesAsTrue holds the rules of a summary against a truth.
func rulesAsTrue(t *testing.T, truth, summary []byte) (checked int) {
	t.Helper()
	var f ruleTruth
	var doc struct {
		Totals struct{ Sieve map[string]any }
		Rules  []struct {
			Account, Name string
			Live          bool
			Removed       bool
			Targets       []string
		}
	}
	for _, err := range []error{json.Unmarshal(truth, &f), json.Unmarshal(summary, &doc)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, targets := map[string]string{}, map[string]bool{}
	for _, r := range doc.Rules {
		for _, a := range r.Targets {
			targets[a] = true
		}
		got[r.Account+" "+r.Name] = fmt.Sprint(r.Live, r.Removed, r.Targets)
	}
	if want := slices.Concat(f.Totals.Redirect, f.Totals.Forward); len(want) > 0 {
		checked++
		if have := slices.Sorted(maps.Keys(targets)); !slices.Equal(have, want) {
			t.Errorf("targets are %v, want %v", have, want)
		}
	}
	put, active := 0.0, 0.0
	for _, flow := range f.Client.Flows {
		if flow.Proto != "managesieve" || flow.TLS != "none" {
			continue
		}
		in := ""
		for _, a := range flow.Active {
			in = a.Name
			active++
		}
		for _, s := range flow.Put {
			key := flow.Auth[0].User + " " + s.Name
			want := fmt.Sprint(in == s.Name, slices.Contains(flow.Deleted, s.Name), s.Targets)
			if !s.Accepted {
				if _, found := got[key]; found {
					t.Errorf("%s was refused, and is listed", key)
				}
				continue
			}
			put++
			have, found := got[key]
			switch {
			case found && have == want:
				checked++
			case !found && len(flow.Deleted) > 0: // that client renamed its other script, which the truth does not tell
			default:
				t.Errorf("%s: %s, want %s", key, have, want)
			}
		}
	}
	if f.Totals.Put != nil {
		for name, want := range map[string]float64{"scripts_put": *f.Totals.Put, "scripts_activated": active, "logins_failed": f.Totals.Failed} {
			checked++
			if doc.Totals.Sieve[name] != want {
				t.Errorf("%s is %v, want %v", name, doc.Totals.Sieve[name], want)
			}
		}
		if put != *f.Totals.Put {
			t.Errorf("the truth's flows have %v scripts, its totals %v", put, *f.Totals.Put)
		}
	}
	return checked
}
