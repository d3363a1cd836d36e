package webmail

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// played is an exchange as the parser of HTTP hands it over.
type played struct {
	method, target, kind, body string
	status                     int
	answerKind, answer         string
}

func (x *played) play(s *Set, out protocols.Sink, r *Request, body, answer []byte, response func(string) []byte) {
	c := s.Begin(r)
	if c == nil {
		return
	}
	c.RequestBody(body)
	c.RequestEnd(true)
	if c.Response(x.status, response) {
		c.ResponseBody(answer)
	}
	c.End(1, out, true)
}

var one = played{method: "POST", target: "/EWS/Exchange.asmx", kind: "text/xml", status: 200, answerKind: "text/xml",
	body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetItem xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"/></s:Body></s:Envelope>`,
	answer: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"><GetItemResponse><ResponseMessages>` +
		`<GetItemResponseMessage><ResponseCode>NoError</ResponseCode><Items><Message><ItemId Id="A1"/><Body>x &amp; y</Body></Message></Items></GetItemResponseMessage></ResponseMessages></GetItemResponse></s:Body></s:Envelope>`}

// Once warm, an exchange that reads mail allocates nothing, and one that is not about
// mail at all costs as little.
func TestAllocations(t *testing.T) {
	for name, x := range map[string]*played{
		"page":  {method: "GET", target: "/index.html", status: 200, answerKind: "text/html", answer: "x"},
		"ews":   &one,
		"graph": {method: "GET", target: "/v1.0/me/mailFolders/inbox/messages?$top=2", status: 200, answerKind: "application/json", answer: `{"value":[{"id":"G1","body":{"content":"x"}},{"id":"G2"}]}`},
		"gmail": {method: "GET", target: "/gmail/v1/users/me/messages/1a?format=raw", status: 200, answerKind: "application/json", answer: `{"id":"1a","raw":"eHl6"}`},
		"jmap": {method: "POST", target: "/jmap/api/", kind: "application/json", status: 200, answerKind: "application/json", body: `{"methodCalls":[["Email/get",{},"0"]]}`,
			answer: `{"methodResponses":[["Email/get",{"list":[{"id":"M1","bodyValues":{"1":{"value":"x"}}}]},"0"]]}`},
		"activesync": {method: "POST", target: "/Microsoft-Server-ActiveSync?Cmd=Ping&User=ann&DeviceId=D&DeviceType=x", status: 200},
	} {
		s, dr := New(), protocols.NewDriver(nil)
		out := dr.Open(capture.Conn{ID: 1, Client: netip.MustParseAddrPort("192.0.2.1:1"), Server: netip.MustParseAddrPort("192.0.2.2:80")})
		agent, kind, answerKind := []byte("agent"), []byte(x.kind), []byte(x.answerKind)
		header := func(name string) []byte {
			switch name {
			case "user-agent":
				return agent
			case "content-type":
				return kind
			}
			return nil
		}
		response := func(name string) []byte {
			if name == "content-type" {
				return answerKind
			}
			return nil
		}
		r := &Request{Method: []byte(x.method), Target: []byte(x.target), Host: []byte("h"), User: []byte("ann@corp.example"), Header: header}
		body, answer := []byte(x.body), []byte(x.answer)
		f := func() {
			dr.Batch.Reset()
			x.play(s, out, r, body, answer, response)
		}
		f()
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if events := len(dr.Batch.Events); (events == 0) != (name == "page") {
			t.Errorf("%s: %d events", name, events)
		}
	}
}

// A call lists a bounded number of items, rules and recipients, and says that there
// were more.
func TestBounds(t *testing.T) {
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	var ids strings.Builder
	for i := range maxItems + 10 {
		fmt.Fprintf(&ids, `{"id":"%d"},`, i)
	}
	for name, x := range map[string]*played{
		"items": {method: "GET", target: "/v1.0/me/messages", status: 200, answerKind: "application/json", answer: `{"value":[` + ids.String() + `{}]}`},
		"rules": {method: "GET", target: "/v1.0/me/mailFolders/inbox/messageRules", status: 200, answerKind: "application/json",
			answer: `{"value":[` + many(maxRules+10, `{"displayName":"r","actions":{"delete":true}},`) + `{}]}`},
		"actions": {method: "POST", target: "/v1.0/me/mailFolders/inbox/messageRules", kind: "application/json", status: 201,
			body: `{"displayName":"r","conditions":{"bodyContains":[` + many(50, `"x",`) + `"y"]},"actions":{"assignCategories":[` + many(50, `"x",`) + `"y"]}}`},
		"recipients": {method: "POST", target: "/v1.0/me/sendMail", kind: "application/json", status: 202,
			body: `{"message":{"toRecipients":[` + many(maxRecipients+10, `{"emailAddress":{"address":"a@b.example"}},`) + `{}]}}`},
		"asks": {method: "POST", target: "/v1.0/$batch", kind: "application/json", status: 200, answerKind: "application/json",
			body: `{"requests":[` + many(maxAsks+10, `{"id":"1","method":"GET","url":"/me/messages"},`) + `{}]}`, answer: `{}`},
	} {
		s, dr := New(), protocols.NewDriver(nil)
		out := dr.Open(capture.Conn{ID: 1})
		x.play(s, out, &Request{Method: []byte(x.method), Target: []byte(x.target), Header: func(n string) []byte {
			if n == "content-type" {
				return []byte(x.kind)
			}
			return nil
		}}, []byte(x.body), []byte(x.answer), func(n string) []byte {
			if n == "content-type" {
				return []byte(x.answerKind)
			}
			return nil
		})
		marked, rules := false, 0
		for _, ev := range dr.Batch.Events {
			switch e := ev.(type) {
			case *protocols.MailboxRead:
				marked = marked || e.Confidence == protocols.LowerBound && len(e.Items) == maxItems
			case *protocols.RuleChange:
				rules++
				marked = marked || e.Truncated && len(e.Actions) == maxActions && len(e.Conditions) == maxConditions || rules == maxRules && e.Confidence == protocols.LowerBound
			case *protocols.Message:
				marked = marked || e.RecipientsDropped == 10 && len(e.Recipients) == maxRecipients && e.RecipientsAccepted == maxRecipients+10
			case *protocols.MailOperation:
				marked = marked || name == "asks" && e.Confidence == protocols.LowerBound
			}
		}
		if !marked || rules > maxRules {
			t.Errorf("%s: the bound does not show in %d events", name, len(dr.Batch.Events))
		}
	}
}
