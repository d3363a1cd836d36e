package webmail

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// ActiveSync (MS-ASHTTP, MS-ASCMD): the command in the query, in words or in a binary
// form, and content in WBXML.
type eas struct{}

// commands are those of the binary query, by their codes (MS-ASHTTP, section
// 2.2.1.1.1.1.2).
var commands = []string{"Sync", "SendMail", "SmartForward", "SmartReply", "GetAttachment", "GetHierarchy", "CreateCollection", "DeleteCollection",
	"MoveCollection", "FolderSync", "FolderCreate", "FolderDelete", "FolderUpdate", "MoveItems", "GetItemEstimate", "MeetingResponse", "Search",
	"Settings", "Ping", "ItemOperations", "Provision", "ResolveRecipients", "ValidateCert", "Find"}

func (s *Set) eas(r *Request, query []byte) *call {
	c := s.call()
	c.begin(s, eas{}, "activesync", r)
	if cmd := parameter(query, "Cmd"); cmd != nil {
		c.operation(string(cmd[:min(len(cmd), 64)]))
		c.device = keep(c.device, parameter(query, "DeviceId"), 64)
		if len(c.user) == 0 {
			c.user = keep(c.user, account(parameter(query, "User")), maxName)
		}
	} else {
		c.binary(query)
	}
	if len(c.op) == 0 { // OPTIONS
		c.operation(string(r.Method[:min(len(r.Method), 16)]))
	}
	if name := parameter(query, "AttachmentName"); is(c.op, "GetAttachment") && name != nil {
		c.asked(0, attachment).message = c.nameID(name)
	} else {
		c.asked(0, other)
	}
	if is(c.op, "SendMail", "SmartForward", "SmartReply") {
		c.newMail(true)
	}
	c.reads(r, asWBXML)
	return c
}

// account is a user without the domain of Windows before it.
func account(b []byte) []byte {
	if i := bytes.LastIndexByte(b, '\\'); i >= 0 {
		return b[i+1:]
	}
	return b
}

// binary reads the query in base64 (MS-ASHTTP, section 2.2.1.1.1.1): version, command,
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
		c.operation(commands[b[1]])
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

func (eas) request(c *call, what scan.Token, path, value []byte, _ uint64) scan.Taker {
	switch name := last(path); {
	case what == scan.Open && is(name, "MIME") && c.mail >= 0:
		if x := c.submitted(c.mailing()); x != nil {
			return x
		}
	case what == scan.Text && string(path) == "/Settings/Oof/Set/OofState":
		if r := c.newRule("Settings Oof"); r != nil {
			r.act(protocols.ActionReply, nil)
			r.enabled = tristate(string(value) != "0")
		}
	}
	return nil
}

// easItem reports whether a message begins at a path of a response: what the server
// has changed, or was asked for by name. Responses to the client's own changes are
// none.
func easItem(path []byte) bool {
	switch name, in := last(path), parent(path); {
	case is(in, "Commands"):
		return is(name, "Add", "Change")
	case is(in, "Responses", "Response"):
		return is(name, "Fetch", "Result")
	case is(in, "Store"): // of a Search
		return is(name, "Result")
	}
	return false
}

func (eas) response(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	rest, in := c.inItem(path)
	switch {
	case what == scan.Open && !in:
		if easItem(path) {
			c.found(path)
			c.key, c.now.gone = 0, true // until it is known to be of mail
		}
	case what == scan.Open:
		c.easKind(last(path))
	case what == scan.Close:
		c.done(path)
	case what == scan.Text && in:
		c.easText(rest, value, size)
	case what == scan.Text && is(last(path), "Status") && bytes.Count(path, []byte{'/'}) == 2:
		c.verdict(string(value) == "1" || is(c.op, "Ping") && string(value) == "2")
	}
	return nil
}

// easKind tells mail from contacts, calendars, tasks and notes, which come by the same
// commands, by the pages of their tags: 1 and 12, 4, 9, 23.
func (c *call) easKind(tag []byte) {
	switch {
	case hasPrefix(tag, "01"), hasPrefix(tag, "0c"), hasPrefix(tag, "04"), hasPrefix(tag, "09"), hasPrefix(tag, "17"):
		if c.key == 0 {
			c.key, c.now.gone = 1, true
		}
	case is(tag, "0215", "021b", "021c", "023a", "023b", "023c", "023d", "023e"): // read, categories, flags: nothing of its content
	case hasPrefix(tag, "02"), is(tag, "Subject", "EmailBody", "MIMEData", "Body"):
		if c.key != 1 {
			c.now.gone = false
		}
		if hasPrefix(tag, "02") {
			c.key = 2
		}
	}
}

func (c *call) easText(rest, value []byte, size uint64) {
	name, in := last(rest), parent(rest)
	switch {
	case is(name, "ServerId", "LongId") && c.now.id == 0:
		c.now.id = c.nameID(value)
	case is(name, "Data") && is(in, "Body"), is(name, "MIMEData", "EmailBody"):
		c.text(size)
	case is(name, "Part") && is(in, "Body"): // its content comes as a part of its own
		c.text(c.partSize(atoi(value)))
	case is(name, "Truncated") && is(in, "Body"), is(name, "MIMETruncated", "BodyTruncated"):
		c.now.cut = c.now.cut || string(value) == "1"
	}
}

// easParts reads a response of several parts (MS-ASCMD, section 2.2.1.10.1): their
// number, where each begins and how long it is, then the parts. The first is WBXML.
func (c *call) easParts(b []byte) {
	at := c.offset - uint64(len(b))
	for len(b) > 0 {
		n := len(c.word)
		count := uint64(0)
		if n >= 4 {
			count = uint64(binary.LittleEndian.Uint32(c.word))
		}
		if want := 4 + 8*count; n < 4 || uint64(n) < want && want <= maxPartsTable {
			c.word = append(c.word, b[0])
			b, at = b[1:], at+1
			continue
		}
		if count == 0 || 4+8*count > maxPartsTable {
			return
		}
		begin := uint64(binary.LittleEndian.Uint32(c.word[4:]))
		end := begin + uint64(binary.LittleEndian.Uint32(c.word[8:]))
		from, to := min(max(begin, at), at+uint64(len(b))), min(end, at+uint64(len(b)))
		if from < to {
			c.wbxml.Write(b[from-at : to-at])
		}
		return
	}
}

const maxPartsTable = 4 + 8*256

// partSize is how long a part of the response is.
func (c *call) partSize(n int) uint64 {
	if at := 4 + 8*n + 4; n > 0 && at+4 <= len(c.word) {
		return uint64(binary.LittleEndian.Uint32(c.word[at:]))
	}
	return 0
}
