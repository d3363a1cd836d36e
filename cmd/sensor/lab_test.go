package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The lab captures were recorded between real servers and clients, and beside
// each stands what both ends logged. MAILSENSOR_CAPTURES names their folder.
// This test holds the summary against the logs, as the lab's README maps them.

// want is one count of the summary, by its path, and what it has to be.
type want struct {
	path  string
	value float64
	atMax bool // no more than value, and marked lower_bound when it is less
}

// truthFile is what of a truth file the test reads.
type truthFile struct {
	Totals map[string]any `json:"totals"`
	Base   map[string]any `json:"base_totals"`
	Client struct {
		Flows     []labFlow `json:"flows"`
		Mailboxes []struct {
			Messages float64 `json:"messages"`
		} `json:"mailboxes"`
	} `json:"client_side"`
	Server struct {
		Squid []struct {
			Method, Target string
			Status         float64
		} `json:"squid"`
		Sessions []labSession `json:"dovecot_sessions"`
	} `json:"server_side"`
}

// labSession is what a server logged when a session ended.
type labSession struct {
	User   string
	TLS    bool
	Logout struct {
		Bodies float64 `json:"body_count"`
		Bytes  float64 `json:"body_bytes"`
	}
}

type labFlow struct {
	Proto, User string
	ClientPort  int                `json:"client_port"`
	Distinct    map[string]float64 `json:"distinct_full_uids"`
	Part        float64            `json:"part"`
	TLS         string             `json:"tls"` // starttls, implicit, none
}

// encrypted are the counts of connections in TLS.
func (f truthFile) encrypted() []want {
	all, after := 0.0, 0.0
	for _, flow := range f.Client.Flows {
		switch flow.TLS {
		case "starttls":
			all, after = all+1, after+1
		case "implicit":
			all++
		}
	}
	return []want{{path: "totals.tls.connections", value: all}, {path: "totals.tls.starttls", value: after}}
}

func (f truthFile) n(names ...string) float64 {
	sum := 0.0
	for _, name := range names {
		v, ok := f.Totals[name].(float64)
		if !ok {
			v, _ = f.Base[name].(float64)
		}
		sum += v
	}
	return sum
}

func (f truthFile) accepted() float64 { return f.n("mx_messages_accepted", "ext_messages_accepted") }

// times is how often the proxy's log has a CONNECT that it granted: the totals name
// each target once.
func (f truthFile) times(connect []any) float64 {
	n := 0.0
	for _, l := range f.Server.Squid {
		if l.Method == "CONNECT" && l.Target == connect[0] && l.Status == 200 && connect[1] == 200.0 {
			n++
		}
	}
	return n
}

// expectations maps a scenario to the counts its truth gives.
func expectations(scenario string, f truthFile) []want {
	is := func(path string, v float64) want { return want{path: "totals." + path, value: v} }
	smtp := is("smtp.messages_accepted", f.accepted())
	logins := is("imap.logins_ok", f.n("imap_logins"))
	number, _, _ := strings.Cut(scenario, "-")
	switch number {
	case "01":
		return []want{smtp, is("smtp.recipients_rejected", f.n("mx_rcpt_rejects", "ext_rcpt_rejects")),
			is("smtp.messages_attempted", f.n("mx_mail_commands")+3)} // 3: the outside server's, of which one recipient was refused
	case "02":
		return []want{smtp, is("smtp.recipients_rejected", f.n("mx_rcpt_rejects"))}
	case "03":
		return []want{smtp, is("smtp.logins_ok", f.n("auth_ok")), is("smtp.logins_failed", f.n("auth_failed"))}
	case "04", "08":
		return f.encrypted()
	case "05":
		return []want{smtp, logins, is("imap.body_bytes+totals.imap.part_bytes", f.n("imap_server_body_bytes"))}
	case "07":
		var all, bytes float64
		wants := f.encrypted()
		for _, s := range f.Server.Sessions {
			if !s.TLS {
				all, bytes = all+s.Logout.Bodies, bytes+s.Logout.Bytes
				wants = append(wants, want{path: "accounts." + s.User + ".imap.messages_downloaded", value: s.Logout.Bodies})
			}
		}
		return append(wants, is("imap.messages_downloaded", all), is("imap.body_bytes", bytes))
	case "06a", "06b", "06c", "06d":
		return []want{logins, is("imap.messages_downloaded", f.n("imap_full_body_literals")),
			is("imap.body_bytes", f.n("imap_full_body_bytes"))}
	case "06e":
		return []want{logins, is("imap.messages_downloaded", f.n("mailbox_messages")),
			is("imap.body_bytes", f.n("imap_server_body_bytes")), is("imap.body_items", f.n("imap_server_body_count"))}
	case "06f":
		distinct := 0.0
		for _, flow := range f.Client.Flows {
			distinct += flow.Part // one TEXT each, of distinct messages
			for _, n := range flow.Distinct {
				distinct += n
			}
		}
		return []want{logins, {path: "accounts." + f.Totals["account"].(string) + ".imap.messages_downloaded", value: distinct},
			is("imap.body_bytes", f.n("imap_server_body_bytes"))}
	case "09":
		return []want{is("imap.logins_failed", f.n("imap_auth_failed")), is("imap.logins_ok", f.n("imap_auth_ok")),
			is("smtp.logins_failed", f.n("smtp_auth_failed")),
			is("pop3.logins_failed", f.n("pop3_auth_failed")), is("imap.messages_downloaded", f.n("imap_full_body_literals"))}
	case "10":
		return append(f.encrypted(), is("pop3.messages_downloaded", f.n("clear_retr")), is("pop3.logins_failed", f.n("dovecot_auth_failures")))
	case "12":
		return []want{smtp}
	case "13":
		tunnels, mails := 0.0, 0.0
		for _, c := range f.Totals["connects"].([]any) {
			tunnels += f.times(c.([]any))
		}
		for target, n := range f.Totals["imap_msgs_in_connect"].(map[string]any) {
			if strings.HasSuffix(target, ":143") { // on 993 they are in TLS
				mails += n.(float64)
			}
		}
		return []want{is("http.tunnels", tunnels), is("http.tunnels_refused", 1), is("imap.messages_downloaded", mails),
			is("smtp.messages_accepted", f.Totals["smtp_msgs_in_connect"].(map[string]any)["mail.partner.test:25"].(float64))} // the other one is behind STARTTLS
	case "14":
		items, calls := 0.0, 0.0
		for _, api := range f.Totals["by_api"].(map[string]any) {
			items += api.(map[string]any)["distinct"].(float64)
			calls += api.(map[string]any)["requests"].(float64)
		}
		return []want{is("http.mail_items", items), is("http.requests", calls)}
	case "15a":
		smtp.atMax, logins.atMax = true, true
		bulk := is("imap.body_bytes", f.n("imap_server_body_bytes"))
		bulk.atMax = true
		if scenario != "15a-imap-bulk-loss" { // elsewhere the server's figure holds parts, too
			return []want{smtp, logins}
		}
		return []want{logins, bulk}
	case "15b", "15c", "15f", "15g", "15h", "15i", "15k":
		return []want{smtp, logins}
	case "15d", "15e":
		return impairedExpectations(scenario, f, smtp, logins)
	case "15j":
		smtp.atMax = scenario != "15j-truncated-tail"
		logins.atMax = smtp.atMax
		return []want{smtp, logins}
	case "16":
		return []want{smtp, is("smtp.recipients_rejected", f.n("ext_rcpt_rejects")),
			is("smtp.messages_attempted", f.n("burst_attempted")), is("smtp.messages_rejected", f.n("burst_messages_rejected_all_rcpts"))}
	case "17":
		return []want{is("smtp.messages_accepted", f.n("smtp_messages")), is("smtp.recipients_accepted", f.n("smtp_rcpts")),
			is("imap.logins_ok", f.n("imap_login_ok")), is("imap.logins_failed", f.n("imap_login_fail")),
			is("imap.body_items", f.n("imap_full_fetch"))}
	}
	return nil
}

// impairedExpectations is for captures of which one side or the beginning is
// missing: what is visible is as in the capture they were made of.
func impairedExpectations(scenario string, f truthFile, smtp, logins want) []want {
	smtp.atMax, logins.atMax = true, true
	items := want{path: "totals.imap.body_items", value: f.n("imap_full_body_literals"), atMax: true}
	switch scenario {
	case "15d-oneway-c2s":
		return []want{{path: "totals.smtp.messages_attempted", value: f.n("mx_mail_commands") + 3},
			{path: "totals.smtp.messages_accepted"}, {path: "totals.imap.logins_unknown", value: f.n("imap_logins")}}
	case "15d-oneway-s2c":
		return []want{smtp}
	case "15e-mid-bulk":
		return []want{logins, items}
	}
	return []want{smtp, logins}
}

// lookup finds a count by its path, or the sum of several; accounts are found by
// name.
func lookup(doc map[string]any, path string) (v float64, confidence string, err error) {
	if first, rest, several := strings.Cut(path, "+"); several {
		a, confidence, err := lookup(doc, first)
		if err != nil {
			return 0, "", err
		}
		b, _, err := lookup(doc, rest)
		return a + b, confidence, err
	}
	parts := strings.Split(path, ".")
	if parts[0] == "accounts" { // the name has dots of its own
		for _, a := range doc["accounts"].([]any) {
			a := a.(map[string]any)
			if rest, ok := strings.CutPrefix(path, "accounts."+a["account"].(string)+"."); ok {
				return lookup(a, rest)
			}
		}
		return 0, "", fmt.Errorf("no account of %s", path)
	}
	for _, p := range parts[:len(parts)-1] {
		next, ok := doc[p].(map[string]any)
		if !ok {
			return 0, "", fmt.Errorf("no %s of %s", p, path)
		}
		doc = next
	}
	last := parts[len(parts)-1]
	v, ok := doc[last].(float64)
	if !ok {
		return 0, "", fmt.Errorf("no %s", path)
	}
	confidence, _ = doc[last+"_confidence"].(string)
	return v, confidence, nil
}

func TestLabCaptures(t *testing.T) {
	dir := os.Getenv("MAILSENSOR_CAPTURES")
	if dir == "" {
		t.Skip("MAILSENSOR_CAPTURES is not set: the captures of real servers are not walked")
	}
	truths, err := filepath.Glob(filepath.Join(dir, "*.truth.json"))
	if err != nil || len(truths) == 0 {
		t.Fatalf("no truth files in %s (%v)", dir, err)
	}
	checked := 0
	for _, name := range truths {
		scenario := strings.TrimSuffix(filepath.Base(name), ".truth.json")
		captures, _ := filepath.Glob(filepath.Join(dir, scenario+".pcap*"))
		if len(captures) != 1 {
			t.Errorf("%s: %d captures", scenario, len(captures))
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var truth truthFile
		if err := json.Unmarshal(b, &truth); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		t.Run(scenario, func(t *testing.T) {
			one, eight := replayJSON(t, captures[0], "1"), replayJSON(t, captures[0], "8")
			if !bytes.Equal(one, eight) {
				t.Errorf("1 and 8 workers differ")
			}
			var doc map[string]any
			if err := json.Unmarshal(one, &doc); err != nil {
				t.Fatal(err)
			}
			checked += rulesAsTrue(t, b, one)
			for _, w := range expectations(scenario, truth) {
				checked++
				got, confidence, err := lookup(doc, w.path)
				switch {
				case err != nil:
					t.Error(err)
				case w.atMax && got > w.value, !w.atMax && got != w.value:
					t.Errorf("%s is %v (%s), want %v", w.path, got, confidence, w.value)
				case w.atMax && got < w.value && confidence != "lower_bound":
					t.Errorf("%s is %v (%s) of %v and not marked lower_bound", w.path, got, confidence, w.value)
				}
			}
		})
	}
	if checked < 60 {
		t.Errorf("only %d figures were compared", checked)
	}
}

func replayJSON(t *testing.T, file, workers string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run([]string{"replay", "--json", "--quiet", "--workers", workers, file}, nil, &out, &errs); code != 0 {
		t.Fatalf("%s: exit %d: %s", file, code, errs.String())
	}
	return out.Bytes()
}
