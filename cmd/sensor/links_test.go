package main

import (
	"encoding/base64"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

// A link in the encoded text of a message is compared with the lists of indicators.
// Without a list texts are not looked into, and no text is ever told but for the hosts.
func TestLinksInText(t *testing.T) {
	html := `<p>A text that stays where it is. <a href="https://bank.example@LOGIN.evil.example:8443/secret-path?x=1">pay</a></p>`
	message := "From: a@partner.example\r\nSubject: Bill\r\nMessage-ID: <1@partner.example>\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nsee http://good.example/\r\n" +
		"--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(html)) + "\r\n--b--\r\n.\r\n"
	var turns []synth.Turn
	for i, s := range []string{"220 mx ESMTP\r\n", "EHLO x.example\r\n", "250 mx\r\n", "MAIL FROM:<a@partner.example>\r\n", "250 ok\r\n",
		"RCPT TO:<bob@corp.example>\r\n", "250 ok\r\n", "DATA\r\n", "354 go\r\n", message, "250 ok\r\n", "QUIT\r\n", "221 bye\r\n"} {
		turns = append(turns, synth.Turn{Dir: capture.Dir((i + 1) % 2), Bytes: []byte(s)})
	}
	if turns[0].Dir != capture.ToClient {
		t.Fatal("the server speaks first")
	}
	dir := t.TempDir()
	file, list, conf := filepath.Join(dir, "link.pcap"), filepath.Join(dir, "bad.txt"), filepath.Join(dir, "sensor.yaml")
	frames := synth.FromDialogue(synth.Config{Client: netip.MustParseAddrPort("203.0.113.80:40000"), Server: netip.MustParseAddrPort("10.20.1.25:25")}, 1_700_000_000_000_000_000, turns)
	if err := synth.WriteFile(file, frames); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{list: "evil.example\n", conf: "intel: [" + list + "]\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	with := good(t, "replay", "-q", "--config", conf, "--events", "-", file)
	if !strings.Contains(with, `"link_hosts":["good.example","login.evil.example"]`) {
		t.Errorf("no hosts in\n%s", with)
	}
	alerts := good(t, "replay", "-q", "--config", conf, "--alerts", "-", file)
	if n := strings.Count(alerts, "\n"); n != 1 || !strings.Contains(alerts, "login.evil.example, is on the list") {
		t.Errorf("%d alerts:\n%s", n, alerts)
	}
	for _, text := range []string{"stays", "secret-path", "8443", "bank.example"} {
		if strings.Contains(with+alerts, text) {
			t.Errorf("%q got out", text)
		}
	}
	if without := good(t, "replay", "-q", "--events", "-", file); strings.Contains(without, "link_hosts") || !strings.Contains(without, `"subject":"Bill"`) {
		t.Errorf("without a list:\n%s", without)
	}
}
