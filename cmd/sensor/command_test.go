package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	basic    = "../../pcaps/smtp/basic.pcap"
	normal   = "../../pcaps/imap/normal.pcap"
	failures = "../../pcaps/imap/auth-failures.pcap"
)

// outcome is what a command line came to.
type outcome struct {
	code     int
	out, err string
}

// sensor runs a command line.
func sensor(stdin io.Reader, args ...string) outcome {
	var out, errs bytes.Buffer
	code := run(args, stdin, &out, &errs)
	return outcome{code, out.String(), errs.String()}
}

// good is sensor for a command line that must succeed in silence.
func good(t *testing.T, args ...string) string {
	t.Helper()
	o := sensor(nil, args...)
	if o.code != exitOK || o.err != "" {
		t.Fatalf("%q: exit %d: %s", args, o.code, o.err)
	}
	return o.out
}

// write makes a file and returns its name.
func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHelp(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"replay", "version", "completion", "sensor <command> --help"}},
		{[]string{"--help"}, []string{"replay", "version", "completion"}},
		{[]string{"replay", "--help"}, []string{"Examples:", "Exit codes:", "--events=FILE", "--attachment-hash", "--filter=EXPR", "-r,"}},
		{[]string{"version", "--help"}, []string{"Usage: sensor version", "Examples:"}},
		{[]string{"completion", "--help"}, []string{"Examples:", "bash, zsh or fish"}},
	} {
		got := good(t, c.args...)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%q: no %q in\n%s", c.args, want, got)
			}
		}
		for line := range strings.SplitSeq(got, "\n") {
			if len(line) > 80 {
				t.Errorf("%q: wider than 80 columns: %s", c.args, line)
			}
		}
	}
}

// Every usage error ends with 2, says what is wrong on standard error, and
// leaves standard output alone.
func TestUsageErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	own := write(t, "own.pcap", read(t, basic))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"rpelay"}, `unexpected argument rpelay`},
		{[]string{"--nonsense"}, "unknown flag --nonsense"},
		{[]string{"replay", "--evnets", "x", basic}, "unknown flag --evnets"},
		{[]string{"replay"}, "no capture file given"},
		{[]string{"replay", "--events", "-", "--json", basic}, "both want standard output"},
		{[]string{"replay", "--workers=-1", basic}, "--workers"},
		{[]string{"replay", "--workers=many", basic}, "--workers"},
		{[]string{"replay", "--top=-1", basic}, "--top"},
		{[]string{"replay", "--attachment-hash", "md5", basic}, `--attachment-hash must be one of "sha256","none"`},
		{[]string{"replay", "--filter", "tcp prot 25", basic}, "--filter: at character 5: "},
		{[]string{"replay", "--from", "yesterday", basic}, "--from: \"yesterday\" is no time: write 2026-03-01T08:00:00Z"},
		{[]string{"replay", "--to", "2026-13-01", basic}, "--to: "},
		{[]string{"replay", "--from", "2026-03-02", "--to", "2026-03-01", basic}, "--from is not before --to"},
		{[]string{"replay", "--config", missing, basic}, missing},
		{[]string{"replay", "--events", missing + "/events", basic}, "--events: open " + missing},
		{[]string{"replay", "--events", t.TempDir(), basic}, "--events: "},
		{[]string{"replay", "--events", own, own}, "--events: " + own + " is a capture that is to be read"},
		{[]string{"replay", "--events", own, filepath.Dir(own)}, "--events: " + own + " is a capture that is to be read"},
		{[]string{"completion", "tcsh"}, "bash"},
		{[]string{"completion"}, "expected \"<shell>\""},
	} {
		o := sensor(nil, c.args...)
		if o.code != exitBad || o.out != "" || !strings.Contains(o.err, c.want) || !strings.HasPrefix(o.err, "sensor: ") {
			t.Errorf("%q: exit %d, output %q, error %q; want 2 and %q", c.args, o.code, o.out, o.err, c.want)
		}
	}
	if !bytes.Equal(read(t, own), read(t, basic)) {
		t.Error("a capture was overwritten")
	}
}

func TestConfigErrorsShowTheLine(t *testing.T) {
	conf := write(t, "sensor.yaml", []byte("timezone: UTC\nnetworks:\n  intenral: [10.0.0.0/8]\n"))
	o := sensor(nil, "replay", "--config", conf, basic)
	if o.code != exitBad || !strings.Contains(o.err, conf) || !strings.Contains(o.err, "[3:3]") || !strings.Contains(o.err, "intenral") {
		t.Errorf("exit %d: %s", o.code, o.err)
	}
	t.Setenv("MAILSENSOR_CONFIG", conf)
	if o := sensor(nil, "replay", basic); o.code != exitBad || !strings.Contains(o.err, conf) {
		t.Errorf("by environment: exit %d: %s", o.code, o.err)
	}
}

func TestVersion(t *testing.T) {
	if got := good(t, "version"); !strings.HasPrefix(got, "sensor ") || !strings.Contains(got, " go1.") || strings.Count(got, "\n") != 1 {
		t.Errorf("%q", got)
	}
}

// The completion scripts name every flag, and their shell can read them.
func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			script := good(t, "completion", shell)
			for _, want := range []string{"replay", "completion", "attachment-hash", "vlan-aware", "fish"} {
				if !strings.Contains(script, want) {
					t.Errorf("no %q in\n%s", want, script)
				}
			}
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("the script is not tried: %v", err)
			}
			cmd := exec.Command(path, "-n")
			cmd.Stdin = strings.NewReader(script)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// What bash offers behind a few beginnings of command lines.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skipf("not tried: %v", err)
	}
	script := good(t, "completion", "bash")
	for line, want := range map[string]string{
		"sensor re":             "replay",
		"sensor replay --wo":    "--workers",
		"sensor completion f":   "fish",
		"sensor completion --h": "--help",
		"sensor replay --q":     "--quiet",
	} {
		words := strings.Fields(line)
		try := script + "\nCOMP_WORDS=(" + strings.Join(words, " ") + "); COMP_CWORD=" + string(rune('0'+len(words)-1)) + "\n_sensor\necho \"${COMPREPLY[*]}\""
		cmd := exec.Command(bash, "-c", try)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: %q, %v, want %q", line, out, err, want)
		}
	}
}

// A bug shows: no panic of ours looks like success.
func TestPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a panic was swallowed")
		}
	}()
	run([]string{"version"}, nil, brokenWriter{}, io.Discard)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { panic("broken") }

// What is wrong with a flag names the whole command to ask.
func TestTryHelp(t *testing.T) {
	for want, args := range map[string][]string{"sensor": {"--none"}, "sensor run": {"run", "--none"}, "sensor config check": {"config", "check", "--none"}} {
		if o := sensor(nil, args...); o.code != exitBad || !strings.HasSuffix(o.err, "\nTry '"+want+" --help'.\n") {
			t.Errorf("%q: exit %d: %s", args, o.code, o.err)
		}
	}
}

// sensor help COMMAND is what sensor COMMAND --help is.
func TestHelpCommand(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"help", "run"}, {"help", "baseline", "list"}} {
		want := good(t, append(slices.Clone(args[1:]), "--help")...)
		if got := good(t, args...); got != want || got == "" {
			t.Errorf("%q: %s", args, got)
		}
	}
}
