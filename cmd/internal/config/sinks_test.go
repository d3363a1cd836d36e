package config

import (
	"strings"
	"testing"
)

const sinks = `sensor_name: probe
sinks:
  - name: siem
    send: [alerts]
    spool: {folder: /var/lib/mailsensor/siem}
    syslog:
      address: siem.corp.example:6514
      tls: {}
  - name: out
    stdout: {}
  - name: copy
    file: {path: /var/log/events, rotate_age: 1h}
  - name: hook
    webhook: {url: "https://hook.example/x", key_file: /etc/key}
  - name: es
    elastic: {url: "https://es.example:9200", api_key_file: /etc/apikey}
`

// What is shown says the same, with what was not given, and has names of files but
// not what is in them.
func TestSinksRoundTrip(t *testing.T) {
	c, err := Parse([]byte(sinks))
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Sinks[0]; len(c.Sinks) != 5 || s.Syslog.TLS == nil || s.Syslog.Format != "cef" || s.QueueMiB != 8 || s.Spool.MiB != 256 || c.Sinks[1].Stdout == nil || c.Sinks[2].File.Keep != 7 {
		t.Errorf("%+v", c.Sinks)
	}
	first, err := c.Show()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(first)
	if err != nil {
		t.Fatalf("%v in\n%s", err, first)
	}
	second, err := again.Show()
	if err != nil || string(first) != string(second) || !strings.Contains(string(first), "rotate_age: 1h0m0s") {
		t.Errorf("%v:\n%s\n%s", err, first, second)
	}
	if s := again.Sinks[0]; s.Syslog.TLS == nil || again.Sinks[1].Stdout == nil {
		t.Errorf("%s", first)
	}
}

func TestSinkErrorsShowWhere(t *testing.T) {
	for text, want := range map[string]string{
		"sinks:\n  - name: a b\n    stdout: {}\n":                                                            `[2:11] name: "a b" is no name`,
		"sinks:\n  - name: a\n    sned: [events]\n    stdout: {}\n":                                          `[3:5] unknown field "sned"`,
		"sinks:\n  - name: a\n    send: [events, alarms]\n    stdout: {}\n":                                  `[3:20] send[1]: "alarms" is not sent`,
		"sinks:\n  - name: a\n":                                                                              `a sink is one of`,
		"sinks:\n  - name: a\n    stdout: {}\n    file: {path: /x}\n":                                        `and this is 2 of them`,
		"sinks:\n  - name: a\n    file: {path: x}\n":                                                         `[3:18] file.path: "x" is no absolute path`,
		"sinks:\n  - name: a\n    file:\n      path: /x\n      fsync: often\n":                               `[5:14] file.fsync: "often" is not known`,
		"sinks:\n  - name: a\n    file: {path: /x}\n    spool: {folder: /y}\n":                               `a spool is for sinks on the network`,
		"sinks:\n  - name: a\n    stdout: {}\n  - name: a\n    file: {path: /x}\n":                           `[4:11] name: "a" is the name of another sink`,
		"sinks:\n  - name: a\n    file: {path: /x}\n  - name: b\n    file: {path: /x}\n":                     `[5:18] file.path: another sink writes there`,
		"sinks:\n  - name: a\n    syslog: {address: siem}\n":                                                 `[3:23] syslog.address: "siem" is no address`,
		"sinks:\n  - name: a\n    syslog: {address: \"s:1\", format: xml}\n":                                 `"xml" is not known: write cef or json`,
		"sinks:\n  - name: a\n    syslog: {address: \"s:1\", tls: {key: /k}}\n":                              `certificate and key belong together`,
		"sinks:\n  - name: a\n    webhook: {url: \"https://u:secret@x/\", key_file: /k}\n":                   `do not belong into the URL`,
		"sinks:\n  - name: a\n    webhook: {url: \"ftp://x/\", key_file: /k}\n":                              `webhook.url: no URL`,
		"sinks:\n  - name: a\n    webhook: {url: \"https://x/\"}\n":                                          `key_file is missing`,
		"sinks:\n  - name: a\n    elastic: {url: \"http://es.example\", api_key_file: /k}\n":                 `http would show the secret`,
		"sinks:\n  - name: a\n    elastic: {url: \"https://es.example\", user: u}\n":                         `user and password_file belong together`,
		"sinks:\n  - name: a\n    elastic: {url: \"https://es.example\", namespace: A-B}\n":                  `[3:53] elastic.namespace: "A-B" is no namespace`,
		"sinks:\n  - name: a\n    queue_mib: -1\n    stdout: {}\n":                                           `[3:16] queue_mib: -1 is not between 1 and 4096`,
		"sinks:\n  - name: a\n    spool: {folder: here}\n    webhook: {url: \"https://x/\", key_file: /k}\n": `[3:21] spool.folder: "here" is no absolute path`,
		"sinks:\n  - name: a\n    webhook: {url: \"https://x/\", key_file: /k, api_key: hunter2}\n":          `unknown field "api_key"`,
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "u:secret") {
			t.Errorf("%q: %v, want it to say %s", text, err, want)
		}
	}
}
