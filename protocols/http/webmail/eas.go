package webmail

import (
	"bytes"
	"encoding/base64"
)

// ActiveSync (MS-ASHTTP, MS-ASCMD): the command in the query, in words or in a binary
// form, and content in WBXML.
type eas struct{}

// commands are those of the binary query, by their codes (MS-ASHTTP, section
// 2.2.1.1.1.2.1).
var commands = []string{"Sync", "SendMail", "SmartForward", "SmartReply", "GetAttachment", "GetHierarchy", "CreateCollection", "DeleteCollection",
	"MoveCollection", "FolderSync", "FolderCreate", "FolderDelete", "FolderUpdate", "MoveItems", "GetItemEstimate", "MeetingResponse", "Search",
	"Settings", "Ping", "ItemOperations", "Provision", "ResolveRecipients", "ValidateCert", "Find"}

func (s *Set) eas(r *Request, query []byte) Call {
	c := s.call()
	c.begin(s, eas{}, "activesync", r)
	if cmd := parameter(query, "Cmd"); cmd != nil {
		c.op = keep(c.op, cmd, 64)
		c.device = keep(c.device, parameter(query, "DeviceId"), 64)
		if len(c.user) == 0 {
			c.user = keep(c.user, account(parameter(query, "User")), maxName)
		}
	} else {
		c.binary(query)
	}
	if len(c.op) == 0 { // OPTIONS
		c.op = keep(c.op, r.Method, 16)
	}
	c.submits = is(c.op, "SendMail", "SmartForward", "SmartReply")
	if c.form == unread && !bytes.Contains(bytes.ToLower(r.Header("content-type")), []byte("rfc822")) {
		c.read(asWBXML, c.requested)
	}
	return c
}

// account is a user without the domain of Windows before it.
func account(b []byte) []byte {
	if i := bytes.LastIndexByte(b, '\\'); i >= 0 {
		return b[i+1:]
	}
	return b
}

// binary reads the query in base64 (MS-ASHTTP, section 2.2.1.1.1.2): version, command,
// locale, then lengths and octets of device, policy key and kind of device, then
// parameters.
func (c *call) binary(query []byte) {
	q, _, _ := bytes.Cut(query, []byte{'&'})
	var scratch [512]byte
	src := unquoted(q)
	src = src[:min(len(src), 512/3*4)]
	n, _ := base64.RawStdEncoding.Decode(scratch[:], bytes.TrimRight(src, "="))
	b := scratch[:n]
	if len(b) < 5 {
		return
	}
	if int(b[1]) < len(commands) {
		c.op = append(c.op[:0], commands[b[1]]...)
	}
	b = b[4:]
	next := func() []byte {
		if len(b) == 0 || int(b[0]) > len(b)-1 {
			b = nil
			return nil
		}
		v := b[1 : 1+int(b[0])]
		b = b[1+int(b[0]):]
		return v
	}
	c.device = keep(c.device, printable(next()), 64)
	next() // policy key
	next() // kind of device
	for len(b) > 1 {
		const user = 8
		tag := b[0]
		b = b[1:]
		if v := next(); tag == user && len(c.user) == 0 {
			c.user = keep(c.user, account(v), maxName)
		}
	}
}

// printable is b, or its digits where it holds octets: both are in use.
func printable(b []byte) []byte {
	for _, ch := range b {
		if ch < ' ' || ch > '~' {
			const hex = "0123456789ABCDEF"
			out := make([]byte, 0, 2*len(b))
			for _, ch := range b {
				out = append(out, hex[ch>>4], hex[ch&15])
			}
			return out
		}
	}
	return b
}

func (eas) request(*call, token, []byte, []byte, uint64) {}

func (eas) response(c *call, what token, path, value []byte, size uint64) {
	name := last(path)
	switch what {
	case opened:
		if is(name, "Add", "Change", "Fetch") && anyWithin(path, "Commands", "Response", "Responses") || is(name, "Result") {
			c.found(path)
		}
		return
	case closed:
		c.done(path)
		return
	}
	if c.now.depth == 0 {
		return
	}
	switch {
	case is(name, "ServerId", "LongId") && c.now.id == 0:
		c.now.id = c.nameID(value)
	case is(name, "Data") && is(parent(path), "Body", "Properties"), is(name, "MIMEData"):
		if size > 0 {
			c.now.whole = true
			c.now.size += size
		}
	case is(name, "Truncated") && is(value, "1"), is(name, "MIMETruncated") && is(value, "1"):
		c.now.whole = false
	}
}
