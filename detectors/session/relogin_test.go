package session

import (
	"fmt"
	"testing"

	"mailsensor/protocols"
)

// A host that logs in as the user who is just logging in at it passes on what follows.
func TestRelogin(t *testing.T) {
	const asked, behind = "10.0.1.80:143", "10.0.2.25:143"
	login := func(h protocols.Head, user string) *protocols.Login {
		h.Protocol = "imap"
		return &protocols.Login{Head: h, User: []byte(user), Outcome: protocols.Accepted}
	}
	for name, c := range map[string]struct {
		back, front *protocols.Login
		repeat      bool
	}{
		"a proxy":       {login(head(2, "10.0.1.80:50000", behind, 1e9), "ann"), login(head(0, user, asked, 1e9+2e6), "ann"), true},
		"another user":  {login(head(2, "10.0.1.80:50000", behind, 1e9), "bob"), login(head(0, user, asked, 1e9+2e6), "ann"), false},
		"another host":  {login(head(2, "10.0.1.81:50000", behind, 1e9), "ann"), login(head(0, user, asked, 1e9+2e6), "ann"), false},
		"later":         {login(head(2, "10.0.1.80:50000", behind, 1e9), "ann"), login(head(0, user, asked, 4e9), "ann"), false},
		"opened before": {login(head(2, "10.0.1.80:50000", behind, 1e9), "ann"), login(head(3, user, asked, 1e9+2e6), "ann"), false},
		"itself twice":  {login(head(2, "127.0.0.1:50000", "127.0.0.1:143", 1e9), "ann"), login(head(0, "127.0.0.1:50001", "127.0.0.1:143", 1e9+2e6), "ann"), false},
		"two of a user": {login(head(2, user, behind, 1e9), "ann"), login(head(0, user, asked, 1e9+2e6), "ann"), false},
	} {
		tr := New(nil)
		see(tr, c.back, c.front)
		b, f := &protocols.MailboxRead{Head: c.back.Head}, &protocols.MailboxRead{Head: c.front.Head}
		see(tr, b, f)
		if b.Repeat != c.repeat || f.Repeat || c.repeat && (f.Session == 0 || f.Session != b.Session || f.Server().String() != "10.0.2.25") {
			t.Errorf("%s: %+v %+v", name, b.Head, f.Head)
		}
		see(tr, &protocols.ConnEnd{Head: c.back.Head}, &protocols.ConnEnd{Head: c.front.Head})
		if tr.conns.Len() > 0 {
			t.Errorf("%s: %d connections left", name, tr.conns.Len())
		}
	}
	tr := New(nil)
	for i := range 2 * maxRequests {
		see(tr, login(head(uint64(i), user, asked, 1e9), fmt.Sprint(i)))
	}
	if tr.logins.Len() > maxRequests || tr.Counters().RequestsEvicted == 0 {
		t.Errorf("%+v", tr.Counters())
	}
}
