package summary

// The confidences stand behind the counts, together: there may be many hosts, and each
// has a set of them.

// SMTP counts what SMTP and LMTP connections carried.
type SMTP struct {
	Connections        uint64 `json:"connections"`
	MessagesAttempted  uint64 `json:"messages_attempted"` // MAIL commands: the four below together
	MessagesAccepted   uint64 `json:"messages_accepted"`
	MessagesRejected   uint64 `json:"messages_rejected"`
	MessagesUnfinished uint64 `json:"messages_unfinished"`
	MessagesUnknown    uint64 `json:"messages_unknown"` // the server's side was not seen
	RecipientsAccepted uint64 `json:"recipients_accepted"`
	RecipientsRejected uint64 `json:"recipients_rejected"` // a MAIL refused for itself counts as one
	RecipientsInside   uint64 `json:"recipients_inside"`   // of the accepted ones
	RecipientsOutside  uint64 `json:"recipients_outside"`  // of the accepted ones; unknown domains are in neither
	MessageBytes       uint64 `json:"message_bytes"`       // content of accepted messages
	Logins

	MessagesAttemptedConf  Confidence `json:"messages_attempted_confidence,omitempty"`
	MessagesAcceptedConf   Confidence `json:"messages_accepted_confidence,omitempty"`
	MessagesRejectedConf   Confidence `json:"messages_rejected_confidence,omitempty"`
	MessagesUnfinishedConf Confidence `json:"messages_unfinished_confidence,omitempty"`
	MessagesUnknownConf    Confidence `json:"messages_unknown_confidence,omitempty"`
	RecipientsAcceptedConf Confidence `json:"recipients_accepted_confidence,omitempty"`
	RecipientsRejectedConf Confidence `json:"recipients_rejected_confidence,omitempty"`
	RecipientsInsideConf   Confidence `json:"recipients_inside_confidence,omitempty"`
	RecipientsOutsideConf  Confidence `json:"recipients_outside_confidence,omitempty"`
	MessageBytesConf       Confidence `json:"message_bytes_confidence,omitempty"`

	recipientsUnlisted bool // a message had more recipients than its event lists
}

// IMAP counts what IMAP connections carried.
type IMAP struct {
	Connections uint64 `json:"connections"`
	Logins
	MessagesDownloaded  uint64 `json:"messages_downloaded"`   // distinct, whole
	MessagesHeadersOnly uint64 `json:"messages_headers_only"` // distinct
	MessagesPartial     uint64 `json:"messages_partial"`      // distinct, and not whole
	PartBytes           uint64 `json:"part_bytes"`
	HeaderBytes         uint64 `json:"header_bytes"`
	BodyItems           uint64 `json:"body_items"` // repeats and partial fetches counted
	BodyBytes           uint64 `json:"body_bytes"`
	MailboxesRead       uint64 `json:"mailboxes_read"` // distinct, of which anything was sent
	MessagesAppended    uint64 `json:"messages_appended"`
	MessagesCopied      uint64 `json:"messages_copied"`
	MessagesMoved       uint64 `json:"messages_moved"`
	MessagesExpunged    uint64 `json:"messages_expunged"`
	Searches            uint64 `json:"searches"`

	MessagesDownloadedConf  Confidence `json:"messages_downloaded_confidence,omitempty"`
	MessagesHeadersOnlyConf Confidence `json:"messages_headers_only_confidence,omitempty"`
	MessagesPartialConf     Confidence `json:"messages_partial_confidence,omitempty"`
	PartBytesConf           Confidence `json:"part_bytes_confidence,omitempty"`
	HeaderBytesConf         Confidence `json:"header_bytes_confidence,omitempty"`
	BodyItemsConf           Confidence `json:"body_items_confidence,omitempty"`
	BodyBytesConf           Confidence `json:"body_bytes_confidence,omitempty"`
	MailboxesReadConf       Confidence `json:"mailboxes_read_confidence,omitempty"`
	MessagesAppendedConf    Confidence `json:"messages_appended_confidence,omitempty"`
	MessagesCopiedConf      Confidence `json:"messages_copied_confidence,omitempty"`
	MessagesMovedConf       Confidence `json:"messages_moved_confidence,omitempty"`
	MessagesExpungedConf    Confidence `json:"messages_expunged_confidence,omitempty"`
	SearchesConf            Confidence `json:"searches_confidence,omitempty"`

	high distinct // set for the document
}

// distinct says of each count of distinct things that it may be too high.
type distinct struct{ downloaded, headersOnly, partial, mailboxes bool }

// Logins counts authentication exchanges.
type Logins struct {
	LoginsOK      uint64 `json:"logins_ok"`
	LoginsFailed  uint64 `json:"logins_failed"`  // every exchange that did not end in success
	LoginsUnknown uint64 `json:"logins_unknown"` // the server's answer was not seen

	LoginsOKConf      Confidence `json:"logins_ok_confidence,omitempty"`
	LoginsFailedConf  Confidence `json:"logins_failed_confidence,omitempty"`
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
