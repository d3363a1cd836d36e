package http

import (
	"mailsensor/protocols/inflate"
	"mailsensor/protocols/line"
)

// body is the content of a message as it comes.
type body struct {
	inflater *inflate.Inflater // of content that webmail wants; nil: as it is
	size     int               // of the inflater, as the parser has it in its books
	spoilt   bool              // what is left of it cannot be read
	foreign  bool              // it is in a coding that is not read: only its octets count
	torn     bool              // octets of the message were lost
}

// contentLimits let any mailbox through and stop a bomb.
var contentLimits = inflate.Limits{Ratio: 200, Slack: 4 << 20}

// decode gets ready for content, where somebody wants it, and says so where it will not
// be read.
func (p *parser) decode(t int64, c *body, h *header, wanted bool) {
	p.letGo(c)
	c.spoilt, c.foreign = false, false
	if !wanted {
		return
	}
	format := inflate.Gzip
	switch enc := h.get("content-encoding"); {
	case len(enc) == 0, line.EqualFold(enc, "IDENTITY"):
		return
	case line.EqualFold(enc, "GZIP"), line.EqualFold(enc, "X-GZIP"):
	case line.EqualFold(enc, "DEFLATE"):
		format = inflate.ZlibOrRaw
	default: // brotli and the like are not read
		c.spoilt, c.foreign = true, true
		p.tell(t, toldCoding, "http_coding")
		return
	}
	c.inflater = p.spare.Get().(*inflate.Inflater)
	c.inflater.Reset(format, contentLimits)
	p.weigh(c)
}

// pass gives content to emit, decompressed. It is false where that failed.
func (c *body) pass(b []byte, emit func([]byte)) bool {
	if c.spoilt {
		return true
	}
	if c.inflater == nil {
		emit(b)
		return true
	}
	if _, st := c.inflater.Write(b, emit); st == inflate.Corrupt || st == inflate.TooLarge {
		c.spoilt = true
	}
	return !c.spoilt
}

// weigh keeps the books on what inflaters take.
func (p *parser) weigh(c *body) {
	size := 0
	if c.inflater != nil {
		size = c.inflater.Size()
	}
	p.inflating += size - c.size
	c.size = size
}

// letGo gives back what content that is over was inflated with.
func (p *parser) letGo(c *body) {
	if c.inflater == nil {
		return
	}
	p.spare.Put(c.inflater)
	c.inflater = nil
	p.weigh(c)
}

// whole reports whether all of the content was read.
func (c *body) whole() bool { return !c.torn && !c.spoilt }
