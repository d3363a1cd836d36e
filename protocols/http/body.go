package http

import (
	"mailsensor/protocols/inflate"
	"mailsensor/protocols/line"
)

// body is the content of a message as it comes.
type body struct {
	inflater *inflate.Inflater // of content that webmail wants; nil: as it is
	spoilt   bool              // what is left of it cannot be read
	foreign  bool              // it is in a coding that is not read: only its octets count
	torn     bool              // octets of the message were lost
}

// contentLimits let any mailbox through and stop a bomb.
var contentLimits = inflate.Limits{Ratio: 200, Slack: 4 << 20}

// decode gets ready for content that somebody wants.
func (c *body) decode(h *header, wanted bool) {
	c.spoilt, c.foreign = false, false
	if !wanted {
		c.inflater = nil
		return
	}
	format := inflate.Gzip
	switch enc := h.get("content-encoding"); {
	case len(enc) == 0, line.EqualFold(enc, "IDENTITY"):
		c.inflater = nil
		return
	case line.EqualFold(enc, "GZIP"), line.EqualFold(enc, "X-GZIP"):
	case line.EqualFold(enc, "DEFLATE"):
		format = inflate.ZlibOrRaw
	default: // brotli and the like are not read
		c.spoilt, c.foreign = true, true
		return
	}
	if c.inflater == nil {
		c.inflater = inflate.New(format, contentLimits)
	} else {
		c.inflater.Reset(format, contentLimits)
	}
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

// whole reports whether all of the content was read.
func (c *body) whole() bool { return !c.torn && !c.spoilt }
