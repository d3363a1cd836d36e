package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
	"mailsensor/protocols/sieve/script"
)

// sieve is a script that JMAP uploads (RFC 9661). It is a rule only when a
// SieveScript/set says so.
type sieve struct{ *script.Reader }

func newSieve() *sieve { return &sieve{script.New()} }

// Take implements scan.Taker.
func (x *sieve) Take(b []byte) { x.Write(b) }

func (x *sieve) fill(e *protocols.RuleChange, out protocols.Sink) {
	x.End()
	x.Fill(e, out)
}

// stored is a script by the number of its blob.
type stored struct {
	id     uint64
	script *sieve
}

// maxScripts bounds those that are remembered of a connection.
const maxScripts = 16

func (s *Set) keepScript(id uint64, x *sieve) {
	if x.Empty() {
		return
	}
	if len(s.sieves) == maxScripts {
		s.sieves = append(s.sieves[:0], s.sieves[1:]...)
	}
	s.sieves = append(s.sieves, stored{id, x})
}

func (s *Set) script(id uint64) *sieve {
	for i := len(s.sieves) - 1; i >= 0; i-- {
		if s.sieves[i].id == id {
			return s.sieves[i].script
		}
	}
	return nil
}

// jmapSieve takes scripts that are stored, activated and deleted. A script is in force
// when it is activated; without a word about that it is not known.
func (c *call) jmapSieve(what scan.Token, path, value []byte) scan.Taker {
	key, name, rest, ok := c.member(path, "create", "update")
	switch {
	case is(c.word, "Blob/upload"):
		if ok && what == scan.Begin && hasSuffix(rest, "/data:asText") { // RFC 9404, section 4.1
			return c.jmapBlob(name)
		}
		return nil
	case ok && what == scan.Open && len(rest) == 0:
		if r := c.newRule("SieveScript/set"); r != nil {
			r.key, r.idle, r.created = key, true, hasPrefix(path, "/create/")
			if !r.created {
				r.name = keep(r.name, name, maxName)
			}
		}
	case ok && c.rule >= 0:
		return c.jmapScriptPart(what, rest, value)
	case what != scan.Text:
	case string(path) == "/destroy/[]":
		if r := c.newRule("SieveScript/set"); r != nil {
			r.key, r.removed, r.name = c.keyOf(value), true, keep(r.name, value, maxName)
		}
	case is(path, "/onSuccessActivateScript"):
		c.activate(value)
	case is(path, "/onSuccessDeactivateScript") && is(value, "true"):
		if r := c.newRule("SieveScript/set"); r != nil {
			r.enabled = protocols.No
		}
	}
	return nil
}

// jmapBlob takes a blob that is stored in the same request.
func (c *call) jmapBlob(name []byte) scan.Taker {
	x := newSieve()
	if len(c.set.sieves) == maxScripts {
		c.set.sieves = append(c.set.sieves[:0], c.set.sieves[1:]...)
	}
	c.set.sieves = append(c.set.sieves, stored{c.nameID(append([]byte{'#'}, name...)), x})
	return x
}

func (c *call) jmapScriptPart(what scan.Token, rest, value []byte) scan.Taker {
	r := c.ruling()
	switch {
	case what == scan.Begin && is(rest, "/content"): // as in drafts of the RFC
		r.script = newSieve()
		return r.script
	case what != scan.Text:
	case is(rest, "/name"):
		r.name = keep(r.name, value, maxName)
	case is(rest, "/blobId"):
		r.script = c.set.script(c.nameID(value))
	case is(rest, "/isActive"):
		r.enabled = tristate(is(value, "true"))
	}
	return nil
}

// activate puts a script in force: one of this request, or one that was there.
func (c *call) activate(id []byte) {
	key := c.keyOf(bytes.TrimPrefix(id, []byte{'#'}))
	a := c.current()
	for i := range c.rules {
		if c.rules[i].key == key {
			c.rules[i].idle = false
			return
		}
	}
	if r := c.newRule("SieveScript/set"); r != nil && a != nil {
		r.key, r.name = key, keep(r.name, id, maxName)
	}
}

// jmapScripts takes scripts that are read back.
func (c *call) jmapScripts(what scan.Token, path, value []byte) {
	switch {
	case what == scan.Open && string(path) == "/list/[]":
		if r := c.newRule("SieveScript/get"); r != nil {
			r.listed, r.idle = true, true
		}
	case what != scan.Text || c.rule < 0:
	case string(path) == "/list/[]/name":
		c.ruling().name = keep(c.ruling().name, value, maxName)
	case string(path) == "/list/[]/isActive":
		c.ruling().enabled = tristate(is(value, "true"))
	case string(path) == "/list/[]/blobId":
		c.ruling().script = c.set.script(c.nameID(value))
	}
}
