package summary

import "mailsensor/protocols"

// Estimates say what was probably downloaded over encrypted connections, judged by
// the lengths of their records (docs/estimate.md). They are never part of exact
// counts. The bounds are sums of each connection's: together they are wider than
// they need be.
type Estimates struct {
	Messages     uint64     `json:"messages_estimated"`
	MessagesLow  uint64     `json:"messages_estimated_low"`
	MessagesHigh uint64     `json:"messages_estimated_high"`
	MessagesConf Confidence `json:"messages_estimated_confidence"`
	Bytes        uint64     `json:"bytes_estimated"`
	BytesLow     uint64     `json:"bytes_estimated_low"`
	BytesHigh    uint64     `json:"bytes_estimated_high"`
	BytesConf    Confidence `json:"bytes_estimated_confidence"`
}

func (s *Summary) estimate(e *protocols.TLSUse) {
	sc := s.scope(&e.Head, e.Account)
	for _, t := range sc.tallies() {
		t.hasTLS = true
		t.tls.estimated().add(&Estimates{
			Messages: uint64(e.Messages), MessagesLow: uint64(e.MessagesLow), MessagesHigh: uint64(e.MessagesHigh),
			Bytes: e.Bytes, BytesLow: e.BytesLow, BytesHigh: e.BytesHigh,
		})
	}
}

// estimated returns the estimates, to add to them.
func (c *TLS) estimated() *Estimates {
	if c.Estimates == nil {
		c.Estimates = &Estimates{MessagesConf: protocols.Estimated, BytesConf: protocols.Estimated}
	}
	return c.Estimates
}

func (e *Estimates) add(o *Estimates) {
	e.Messages += o.Messages
	e.MessagesLow += o.MessagesLow
	e.MessagesHigh += o.MessagesHigh
	e.Bytes += o.Bytes
	e.BytesLow += o.BytesLow
	e.BytesHigh += o.BytesHigh
}
