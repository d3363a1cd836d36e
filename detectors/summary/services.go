package summary

// POP3 counts what POP3 connections carried.
type POP3 struct {
	Connections uint64 `json:"connections"`
	Logins
	MessagesDownloaded      uint64     `json:"messages_downloaded"` // distinct, whole
	MessagesDownloadedConf  Confidence `json:"messages_downloaded_confidence,omitempty"`
	MessagesHeadersOnly     uint64     `json:"messages_headers_only"` // distinct: TOP n 0
	MessagesHeadersOnlyConf Confidence `json:"messages_headers_only_confidence,omitempty"`
	MessagesPartial         uint64     `json:"messages_partial"` // distinct, and not whole: TOP with lines
	MessagesPartialConf     Confidence `json:"messages_partial_confidence,omitempty"`
	BodyItems               uint64     `json:"body_items"` // RETR, repeats counted
	BodyItemsConf           Confidence `json:"body_items_confidence,omitempty"`
	BodyBytes               uint64     `json:"body_bytes"`
	BodyBytesConf           Confidence `json:"body_bytes_confidence,omitempty"`
	MessagesDeleted         uint64     `json:"messages_deleted"` // DELE that a QUIT made good
	MessagesDeletedConf     Confidence `json:"messages_deleted_confidence,omitempty"`

	high distinct // set for the document
}

// Sieve counts what ManageSieve connections did.
type Sieve struct {
	Connections uint64 `json:"connections"`
	Logins
	ScriptsPut           uint64     `json:"scripts_put"` // accepted
	ScriptsPutConf       Confidence `json:"scripts_put_confidence,omitempty"`
	ScriptsActivated     uint64     `json:"scripts_activated"`
	ScriptsActivatedConf Confidence `json:"scripts_activated_confidence,omitempty"`
	ScriptsDeleted       uint64     `json:"scripts_deleted"`
	ScriptsDeletedConf   Confidence `json:"scripts_deleted_confidence,omitempty"`
}

// HTTP counts HTTP connections, of any kind, and what mail APIs did on them.
type HTTP struct {
	Connections uint64 `json:"connections"`
	Logins
	Requests           uint64     `json:"requests"`
	RequestsConf       Confidence `json:"requests_confidence,omitempty"`
	Tunnels            uint64     `json:"tunnels"` // that a proxy made
	TunnelsConf        Confidence `json:"tunnels_confidence,omitempty"`
	TunnelsRefused     uint64     `json:"tunnels_refused"`
	TunnelsRefusedConf Confidence `json:"tunnels_refused_confidence,omitempty"`
	MailOperations     uint64     `json:"mail_operations"` // calls
	MailOperationsConf Confidence `json:"mail_operations_confidence,omitempty"`
	MailItems          uint64     `json:"mail_items"` // distinct items that they read
	MailItemsConf      Confidence `json:"mail_items_confidence,omitempty"`
	MailBytes          uint64     `json:"mail_bytes"` // content of their responses
	MailBytesConf      Confidence `json:"mail_bytes_confidence,omitempty"`
	RuleChanges        uint64     `json:"rule_changes"` // accepted
	RuleChangesConf    Confidence `json:"rule_changes_confidence,omitempty"`

	high distinct // set for the document
}

func (c *POP3) add(o *POP3) {
	c.Connections += o.Connections
	c.Logins.add(&o.Logins)
	c.MessagesDownloaded += o.MessagesDownloaded
	c.MessagesHeadersOnly += o.MessagesHeadersOnly
	c.MessagesPartial += o.MessagesPartial
	c.BodyItems += o.BodyItems
	c.BodyBytes += o.BodyBytes
	c.MessagesDeleted += o.MessagesDeleted
}

func (c *Sieve) add(o *Sieve) {
	c.Connections += o.Connections
	c.Logins.add(&o.Logins)
	c.ScriptsPut += o.ScriptsPut
	c.ScriptsActivated += o.ScriptsActivated
	c.ScriptsDeleted += o.ScriptsDeleted
}

func (c *HTTP) add(o *HTTP) {
	c.Connections += o.Connections
	c.Logins.add(&o.Logins)
	c.Requests += o.Requests
	c.Tunnels += o.Tunnels
	c.TunnelsRefused += o.TunnelsRefused
	c.MailOperations += o.MailOperations
	c.MailItems += o.MailItems
	c.MailBytes += o.MailBytes
	c.RuleChanges += o.RuleChanges
}
