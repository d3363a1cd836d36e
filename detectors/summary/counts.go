package summary

// SMTP counts what SMTP and LMTP connections carried.
type SMTP struct {
	Connections            uint64     `json:"connections"`
	MessagesAttempted      uint64     `json:"messages_attempted"` // MAIL commands: the four below together
	MessagesAttemptedConf  Confidence `json:"messages_attempted_confidence,omitempty"`
	MessagesAccepted       uint64     `json:"messages_accepted"`
	MessagesAcceptedConf   Confidence `json:"messages_accepted_confidence,omitempty"`
	MessagesRejected       uint64     `json:"messages_rejected"`
	MessagesRejectedConf   Confidence `json:"messages_rejected_confidence,omitempty"`
	MessagesUnfinished     uint64     `json:"messages_unfinished"`
	MessagesUnfinishedConf Confidence `json:"messages_unfinished_confidence,omitempty"`
	MessagesUnknown        uint64     `json:"messages_unknown"` // the server's side was not seen
	MessagesUnknownConf    Confidence `json:"messages_unknown_confidence,omitempty"`
	RecipientsAccepted     uint64     `json:"recipients_accepted"`
	RecipientsAcceptedConf Confidence `json:"recipients_accepted_confidence,omitempty"`
	RecipientsRejected     uint64     `json:"recipients_rejected"` // a MAIL refused for itself counts as one
	RecipientsRejectedConf Confidence `json:"recipients_rejected_confidence,omitempty"`
	RecipientsInside       uint64     `json:"recipients_inside"` // of the accepted ones
	RecipientsInsideConf   Confidence `json:"recipients_inside_confidence,omitempty"`
	RecipientsOutside      uint64     `json:"recipients_outside"` // of the accepted ones; unknown domains are in neither
	RecipientsOutsideConf  Confidence `json:"recipients_outside_confidence,omitempty"`
	MessageBytes           uint64     `json:"message_bytes"` // content of accepted messages
	MessageBytesConf       Confidence `json:"message_bytes_confidence,omitempty"`
	Logins

	recipientsUnlisted bool // a message had more recipients than its event lists
}

// IMAP counts what IMAP connections carried.
type IMAP struct {
	Connections uint64 `json:"connections"`
	Logins
	MessagesDownloaded      uint64     `json:"messages_downloaded"` // distinct, whole
	MessagesDownloadedConf  Confidence `json:"messages_downloaded_confidence,omitempty"`
	MessagesHeadersOnly     uint64     `json:"messages_headers_only"` // distinct
	MessagesHeadersOnlyConf Confidence `json:"messages_headers_only_confidence,omitempty"`
	MessagesPartial         uint64     `json:"messages_partial"` // distinct, and not whole
	MessagesPartialConf     Confidence `json:"messages_partial_confidence,omitempty"`
	PartBytes               uint64     `json:"part_bytes"`
	PartBytesConf           Confidence `json:"part_bytes_confidence,omitempty"`
	HeaderBytes             uint64     `json:"header_bytes"`
	HeaderBytesConf         Confidence `json:"header_bytes_confidence,omitempty"`
	BodyItems               uint64     `json:"body_items"` // repeats and partial fetches counted
	BodyItemsConf           Confidence `json:"body_items_confidence,omitempty"`
	BodyBytes               uint64     `json:"body_bytes"`
	BodyBytesConf           Confidence `json:"body_bytes_confidence,omitempty"`
	MailboxesRead           uint64     `json:"mailboxes_read"` // distinct, of which anything was sent
	MailboxesReadConf       Confidence `json:"mailboxes_read_confidence,omitempty"`
	MessagesAppended        uint64     `json:"messages_appended"`
	MessagesAppendedConf    Confidence `json:"messages_appended_confidence,omitempty"`
	MessagesCopied          uint64     `json:"messages_copied"`
	MessagesCopiedConf      Confidence `json:"messages_copied_confidence,omitempty"`
	MessagesMoved           uint64     `json:"messages_moved"`
	MessagesMovedConf       Confidence `json:"messages_moved_confidence,omitempty"`
	MessagesExpunged        uint64     `json:"messages_expunged"`
	MessagesExpungedConf    Confidence `json:"messages_expunged_confidence,omitempty"`
	Searches                uint64     `json:"searches"`
	SearchesConf            Confidence `json:"searches_confidence,omitempty"`

	high distinct // set for the document
}

// distinct says of each count of distinct things that it may be too high.
type distinct struct{ downloaded, headersOnly, partial, mailboxes bool }

// Logins counts authentication exchanges.
type Logins struct {
	LoginsOK          uint64     `json:"logins_ok"`
	LoginsOKConf      Confidence `json:"logins_ok_confidence,omitempty"`
	LoginsFailed      uint64     `json:"logins_failed"` // every exchange that did not end in success
	LoginsFailedConf  Confidence `json:"logins_failed_confidence,omitempty"`
	LoginsUnknown     uint64     `json:"logins_unknown"` // the server's answer was not seen
	LoginsUnknownConf Confidence `json:"logins_unknown_confidence,omitempty"`
}

// TLS counts encrypted connections, of any kind of traffic.
type TLS struct {
	Connections   uint64 `json:"connections"` // that spoke TLS, from the first byte or later
	StartTLS      uint64 `json:"starttls"`    // of those, after STARTTLS
	BytesToServer uint64 `json:"bytes_to_server"`
	BytesToClient uint64 `json:"bytes_to_client"`
	*Estimates           // nil where nothing was estimated
}

func (c *SMTP) add(o *SMTP) {
	c.Connections += o.Connections
	c.MessagesAttempted += o.MessagesAttempted
	c.MessagesAccepted += o.MessagesAccepted
	c.MessagesRejected += o.MessagesRejected
	c.MessagesUnfinished += o.MessagesUnfinished
	c.MessagesUnknown += o.MessagesUnknown
	c.RecipientsAccepted += o.RecipientsAccepted
	c.RecipientsRejected += o.RecipientsRejected
	c.RecipientsInside += o.RecipientsInside
	c.RecipientsOutside += o.RecipientsOutside
	c.MessageBytes += o.MessageBytes
	c.Logins.add(&o.Logins)
	c.recipientsUnlisted = c.recipientsUnlisted || o.recipientsUnlisted
}

func (c *IMAP) add(o *IMAP) {
	c.Connections += o.Connections
	c.Logins.add(&o.Logins)
	c.MessagesDownloaded += o.MessagesDownloaded
	c.MessagesHeadersOnly += o.MessagesHeadersOnly
	c.MessagesPartial += o.MessagesPartial
	c.PartBytes += o.PartBytes
	c.HeaderBytes += o.HeaderBytes
	c.BodyItems += o.BodyItems
	c.BodyBytes += o.BodyBytes
	c.MailboxesRead += o.MailboxesRead
	c.MessagesAppended += o.MessagesAppended
	c.MessagesCopied += o.MessagesCopied
	c.MessagesMoved += o.MessagesMoved
	c.MessagesExpunged += o.MessagesExpunged
	c.Searches += o.Searches
}

func (l *Logins) add(o *Logins) {
	l.LoginsOK += o.LoginsOK
	l.LoginsFailed += o.LoginsFailed
	l.LoginsUnknown += o.LoginsUnknown
}

func (c *TLS) add(o *TLS) {
	c.Connections += o.Connections
	c.StartTLS += o.StartTLS
	c.BytesToServer += o.BytesToServer
	c.BytesToClient += o.BytesToClient
	if o.Estimates != nil {
		c.estimated().add(o.Estimates)
	}
}
