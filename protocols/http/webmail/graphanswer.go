package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

func (graph) response(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	const one = "/responses/[]"
	if !bytes.HasPrefix(path, []byte(one)) {
		c.graphAnswer(c.current(), what, path, value, size)
		return nil
	}
	rest := path[len(one):]
	switch {
	case what == scan.Open && len(rest) == 0:
		c.batch.next()
		c.ask, c.mark = -1, len(c.items)
	case what == scan.Close && len(rest) == 0:
		c.graphAnswered()
	case string(rest) == "/body" && what == scan.Text: // MIME, in base64
		c.batch.size = decoded(size)
	case bytes.HasPrefix(rest, []byte("/body")):
		c.graphAnswer(c.current(), what, rest[len("/body"):], value, size)
	case what != scan.Text:
	case string(rest) == "/id":
		c.find(protocols.NameID(value))
	case string(rest) == "/status":
		c.batch.status = atoi(value)
	}
	return nil
}

func atoi(b []byte) (n int) {
	for _, c := range b {
		if c < '0' || c > '9' || n > 1e6 {
			return n
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// graphAnswered ends a response of a batch: what it was the answer to may come last.
func (c *call) graphAnswered() {
	c.resolve(c.batch.status)
	a := c.current()
	switch {
	case a == nil:
		if c.sent {
			c.truncate(c.mark)
		}
	case a.outcome != protocols.Accepted || a.kind != messages && a.kind != inFolders:
		c.truncate(c.mark)
	default:
		for i := c.mark; i < len(c.whose); i++ {
			c.whose[i] = a.owner
		}
	}
	if a == nil || a.outcome != protocols.Accepted {
		return
	}
	switch a.kind {
	case whole:
		c.add(item{id: a.message, level: protocols.ReadWhole, size: c.batch.size})
	case attachment:
		c.add(item{id: a.message, level: protocols.ReadPart, size: c.batch.size})
	}
}

// graphAnswer takes the content of a response: a message or a rule, or a list of them.
func (c *call) graphAnswer(a *ask, what scan.Token, path, value []byte, size uint64) {
	if a != nil && a.kind == ruleList {
		c.graphRules(what, path, value)
		return
	}
	if a != nil && a.kind == newDraft && what == scan.Text && string(path) == "/id" && a.mail >= 0 {
		c.set.store(c.nameID(value), &c.mails[a.mail])
	}
	if a != nil && a.rules[0] < a.rules[1] && what == scan.Text && is(path, "/isEnabled") {
		c.rules[a.rules[0]].enabled = tristate(is(value, "true"))
	}
	folders := a != nil && a.kind == inFolders
	if a != nil && a.kind != messages && !folders {
		return
	}
	switch what {
	case scan.Open:
		if rest, ok := c.inItem(path); ok && len(rest) > 0 && is(last(path), "@removed", "error") {
			c.now.gone = true
		}
		if folders {
			if c.now.depth == 0 && hasSuffix(path, "/messages/[]") {
				c.found(path)
			}
		} else if len(path) == 0 || string(path) == "/value/[]" || string(path) == "/value/[]/hitsContainers/[]/hits/[]" {
			c.found(path)
		}
	case scan.Close:
		c.done(path)
	case scan.Text:
		rest, ok := c.inItem(path)
		switch {
		case !ok:
		case is(rest, "/id", "/itemId", "/hitId"): // a message, one that is exported, one that was found
			c.now.id = c.nameID(value)
		case string(rest) == "/body/content", string(rest) == "/uniqueBody/content":
			c.text(size)
		case string(rest) == "/data":
			c.text(decoded(size))
		}
	}
}

func (c *call) graphRules(what scan.Token, path, value []byte) {
	switch {
	case what == scan.Open && (len(path) == 0 || string(path) == "/value/[]"):
		if r := c.ruling(); r != nil && len(path) > 0 && len(r.actions)+len(r.name) == 0 {
			c.dropRule()
		}
		if r := c.newRule("messageRules.list"); r != nil {
			r.listed = true
		}
	case what == scan.Close && len(path) == 0:
		if r := c.ruling(); r != nil && len(r.actions)+len(r.name) == 0 {
			c.dropRule()
		}
	case what == scan.Text:
		c.rulePart(path, value)
	}
}
