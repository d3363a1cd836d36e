package sieve

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// account is what a server of RFC 5804 keeps of one user.
type account struct {
	scripts map[string]string
	active  string
}

// do answers a command as section 2 says: whether it succeeds, what the server
// sends, and whether what was named is in force behind it.
func (a *account) do(r *rand.Rand, verb, name, other, text string) (ok bool, response string, live bool) {
	_, found := a.scripts[name]
	switch verb {
	case "PUTSCRIPT":
		if ok = r.IntN(4) > 0; ok {
			a.scripts[name] = text
			live = a.active == name
		}
	case "SETACTIVE":
		if ok = found || name == ""; ok {
			a.active = name
		}
		live = a.active == name && name != ""
	case "DELETESCRIPT":
		if ok = found && a.active != name; ok {
			delete(a.scripts, name)
		}
		live = a.active == name && found
	case "RENAMESCRIPT":
		_, taken := a.scripts[other]
		live = a.active == name
		if ok = found && !taken; ok {
			a.scripts[other] = a.scripts[name]
			delete(a.scripts, name)
			if live {
				a.active = other
			}
		}
	case "GETSCRIPT":
		if ok = found; ok {
			response = str(r, a.scripts[name]) + "\r\n"
		}
		live = a.active == name && found
	}
	if ok {
		return ok, response + "OK\r\n", live
	}
	return ok, response + "NO (WHY) " + str(r, "no\r\nOK") + "\r\n", live
}

// str writes a string as one of the grammar's forms.
func str(r *rand.Rand, s string) string {
	if !strings.ContainsAny(s, "\r\n") && r.IntN(2) == 0 {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return fmt.Sprintf("{%d}\r\n%s", len(s), s)
}

// Hundreds of sessions with a server that is modelled after the RFC: the events say
// what happened in it, in whatever form the strings were sent and however many
// commands were in flight.
func TestModel(t *testing.T) {
	names := []string{"a", "b", "main script", `clever"script`}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		a := &account{scripts: map[string]string{}}
		turns := []protocoltest.Turn{
			{Dir: capture.ToClient, Text: []byte("\"IMPLEMENTATION\" \"model\"\r\nOK\r\n")},
			{Dir: capture.ToServer, Text: []byte("AUTHENTICATE \"PLAIN\" \"AGFubgBTRUNSRVQ=\"\r\nSETACTIVE \"\"\r\n")},
			{Dir: capture.ToClient, Text: []byte("OK\r\nOK\r\n")},
		}
		var want []string
		for range 12 {
			var asked, answered strings.Builder
			for range 1 + r.IntN(maxScripts) {
				verb := []string{"PUTSCRIPT", "SETACTIVE", "DELETESCRIPT", "RENAMESCRIPT", "GETSCRIPT"}[r.IntN(5)]
				name, other := names[r.IntN(len(names))], names[r.IntN(len(names))]
				text := []string{"discard;", "keep;\r\n", `redirect "x@evil.example";`, "redirect text:\r\nx@evil.example\r\n.\r\n;"}[r.IntN(4)]
				asked.WriteString(verb + " " + strings.ReplaceAll(str(r, name), "}", "+}"))
				switch verb {
				case "PUTSCRIPT":
					asked.WriteString(" " + strings.ReplaceAll(str(r, text), "}", "+}"))
				case "RENAMESCRIPT":
					asked.WriteString(" " + str(r, other))
				}
				asked.WriteString("\r\n")
				ok, response, live := a.do(r, verb, name, other, text)
				answered.WriteString(response)
				want = append(want, fmt.Sprintf("%s %s %v %v", verb, name, ok, live))
			}
			turns = append(turns, protocoltest.Turn{Dir: capture.ToServer, Text: []byte(asked.String())},
				protocoltest.Turn{Dir: capture.ToClient, Text: []byte(answered.String())})
		}
		if got := told(turns); !slices.Equal(got, want) {
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Fatalf("seed %d, command %d: %s, want %s", seed, i, got[i], want[i])
				}
			}
			t.Fatalf("seed %d: %d events, want %d", seed, len(got), len(want))
		}
	}
}

// told is what the events of a session say of its commands, behind the first.
func told(turns []protocoltest.Turn) (out []string) {
	dr := protocols.NewDriver([]protocols.Protocol{New()})
	dr.Unguarded = true
	s := dr.Open(protocoltest.Conn(4190))
	for i, turn := range turns {
		s.Data(turn.Dir, int64(i), turn.Text)
	}
	for _, ev := range dr.Batch.Events {
		if e, ok := ev.(*protocols.RuleChange); ok {
			out = append(out, fmt.Sprintf("%s %s %v %v", e.Command, e.Name, e.Outcome == protocols.Accepted, e.Live == protocols.Yes))
		}
	}
	return out[min(1, len(out)):]
}
