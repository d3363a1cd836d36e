package redact

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"mailsensor/protocols/line"
)

// mechanisms may stand in the open: another word might be a secret in a wrong place.
var mechanisms = []string{"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "GSSAPI", "GSS-SPNEGO", "ANONYMOUS",
	"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS"}

// exchange is a SASL exchange from the command that begins it to the server's verdict.
type exchange struct {
	on    bool
	login bool // LOGIN, and the user name has not come yet
}

// begin reports whether a mechanism may stand in the open, and begins an exchange.
func (e *exchange) begin(mechanism []byte) (known bool) {
	name := strings.ToUpper(string(mechanism))
	*e = exchange{on: true, login: name == "LOGIN"}
	return slices.Contains(mechanisms, name)
}

// asked takes a challenge of the server, in base64.
func (e *exchange) asked(b64 []byte) {
	if bytes.HasPrefix(bytes.ToUpper(b64), []byte("UGFZC3")) { // "Pass", or near to it
		e.login = false
	}
}

// token writes to out what of a client's message, in base64, may be kept: of PLAIN,
// LOGIN, CRAM-MD5 and XOAUTH2 the user's name, of SCRAM the first message, which holds
// a name and a nonce.
func (c *Connection) token(e *exchange, b64, out []byte) {
	fill(out[:len(b64)])
	if len(b64) < 2 { // "=", "*"
		copy(out, b64)
		return
	}
	c.secret(b64)
	text := make([]byte, base64.StdEncoding.DecodedLen(len(b64)))
	n, err := base64.StdEncoding.Decode(text, b64)
	if err != nil {
		return
	}
	text = text[:n]
	from := n
	switch parts := bytes.SplitN(text, []byte{0}, 3); {
	case e.login:
		e.login = false
		c.forget(b64)
		copy(out, b64)
		return
	case len(parts) == 3: // PLAIN (RFC 4616)
		from = n - len(parts[2])
	case line.HasPrefixFold(text, "USER=") && bytes.IndexByte(text, 1) > 0: // XOAUTH2
		from = bytes.IndexByte(text, 1) + 1
	case line.HasPrefixFold(text, "N,") && bytes.IndexByte(text, 1) < 0 && bytes.Contains(text, []byte(",r=")): // SCRAM (RFC 5802)
		c.forget(b64)
		copy(out, b64)
		return
	default: // CRAM-MD5 (RFC 2195)
		if i := bytes.LastIndexByte(text, ' '); i > 0 && n-i-1 == 32 {
			from = i + 1
			break
		}
		c.secret(text)
		return
	}
	c.secret(text[from:])
	fill(text[from:])
	base64.StdEncoding.Encode(out[:len(b64)], text)
}

// forget takes back what was noted last.
func (c *Connection) forget(b []byte) {
	if n := len(c.secrets); n > 0 && bytes.Equal(c.secrets[n-1], b) {
		c.secrets = c.secrets[:n-1]
	}
}
