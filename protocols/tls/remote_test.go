package tls

import (
	"crypto/tls"
	"testing"
)

func TestRemoteServices(t *testing.T) {
	for host, want := range map[string]string{
		"relay-1a2b.net.anydesk.com": "anydesk", "ROUTER3.TeamViewer.com": "teamviewer", "remotedesktop-pa.googleapis.com": "chrome_remote_desktop",
		"instance-abc-relay.screenconnect.com.": "screenconnect", "assist.zoho.eu": "zoho_assist",
		"www.teamviewer.com": "", "anydesk.com": "", "notanydesk.com.example": "", "x.notanydesk.com": "", "mail.zoho.eu": "", "": "",
	} {
		if got := remoteService([]byte(host)); got != want {
			t.Errorf("%q is %q, want %q", host, got, want)
		}
	}
	turns := converse(t, &tls.Config{InsecureSkipVerify: true, ServerName: "boot.net.anydesk.com"}, &tls.Config{Certificates: []tls.Certificate{certify(t, "x")}}, []string{"hello"}, []int{5})
	if got := run(turns, 443); member(got, "Remote") != "anydesk" || member(got, "Service") != `"boot.net.anydesk.com"` {
		t.Errorf("events %s", got)
	}
}
