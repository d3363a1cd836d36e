package webmail

import (
	"strings"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// hostile are contents that cost a careless reader more than their length. unit is
// repeated between head and tail.
var hostile = []struct {
	name string
	x    played
	head string
	unit string
	tail string
}{
	{"a rule of many values, deep down", played{method: "POST", target: "/v1.0/me/mailFolders/inbox/messageRules", kind: "application/json", status: 201},
		strings.Repeat(`{"k":`, 60) + `[`, `1,`, `1]`},
	{"levels", played{method: "POST", target: "/jmap/api", kind: "application/json", status: 200}, "", `[{"a":`, ""},
	{"calls of a batch", played{method: "POST", target: "/jmap/api", kind: "application/json", status: 200}, `{"methodCalls":[`, `["Email/get",{},"0"],`, `1]}`},
	{"requests of a batch", played{method: "POST", target: "/v1.0/$batch", kind: "application/json", status: 200}, `{"requests":[`, `{"id":"1","url":"/me/messages","method":"GET"},`, `1]}`},
	{"parts", played{method: "POST", target: "/batch/gmail/v1", kind: "multipart/mixed; boundary=b", status: 200}, "", "--b\r\n\r\nGET /gmail/v1/users/me/messages/1\r\n\r\n", ""},
	{"almost delimiters", played{method: "POST", target: "/batch/gmail/v1", kind: "multipart/mixed; boundary=b", status: 200}, "--b\r\n\r\n\r\n", "\r\n--b\r--b", ""},
	{"references", played{method: "POST", target: "/EWS/Exchange.asmx", kind: "text/xml", status: 200}, "<a>", "&&#&#x", ""},
	{"namespaces", played{method: "POST", target: "/EWS/Exchange.asmx", kind: "text/xml", status: 200}, "", `<a xmlns:b="c">`, ""},
	{"a tag without an end", played{method: "POST", target: "/EWS/Exchange.asmx", kind: "text/xml", status: 200}, "<a ", `b="c" `, ""},
	{"fields of a header", played{method: "POST", target: "/upload/gmail/v1/users/me/messages/send", kind: "message/rfc822", status: 200}, "", "To: a@b.example,\r\n ", ""},
	{"recipients", played{method: "POST", target: "/v1.0/me/sendMail", kind: "application/json", status: 202}, `{"message":{"toRecipients":[`, `{"emailAddress":{"address":"a@b.example"}},`, `{}]}}`},
}

// play runs an exchange with content of at least n octets in the request.
func play(x *played, body []byte) {
	s, dr := New(), protocols.NewDriver(nil)
	header := func(name string) []byte {
		if name == "content-type" {
			return []byte(x.kind)
		}
		return nil
	}
	x.play(s, dr.Open(capture.Conn{ID: 1}), &Request{Method: []byte(x.method), Target: []byte(x.target), Header: header}, body, nil, func(string) []byte { return nil })
}

// Time is linear in the length of the content: 8 times as much takes no more than 40
// times as long, which a machine that is busy with other things keeps as well.
func TestLinear(t *testing.T) {
	for _, h := range hostile {
		took := func(n int) time.Duration {
			body := []byte(h.head + strings.Repeat(h.unit, n/len(h.unit)) + h.tail)
			best := time.Hour
			for range 3 {
				start := time.Now()
				play(&h.x, body)
				best = min(best, time.Since(start))
			}
			return best
		}
		const small = 128 << 10
		var a, b time.Duration
		for range 5 {
			if a, b = took(small), took(8*small); b <= 40*max(a, 200*time.Microsecond) {
				break
			}
		}
		t.Logf("%-36s %6.1f ns an octet", h.name, float64(b.Nanoseconds())/(8*small))
		if b > 40*max(a, 200*time.Microsecond) {
			t.Errorf("%s: %v for %d octets, %v for 8 times as many, five times", h.name, a, small, b)
		}
	}
}
