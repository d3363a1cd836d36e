package main

// truth is what a capture contains. The names are those of the sensor's
// summary; with segments lost its counts are lower bounds of these.
type truth struct {
	File            string    `json:"file"`
	Mix             string    `json:"mix"`
	Seed            uint64    `json:"seed"`
	Packets         int64     `json:"packets"`
	Bytes           int64     `json:"bytes"` // of the file
	Connections     int       `json:"connections"`
	OpenAtOnce      int       `json:"open_at_once"`
	DataSegments    int64     `json:"data_segments"`
	SegmentsLost    int64     `json:"segments_lost"`
	SegmentsLate    int64     `json:"segments_reordered"`
	AttachmentBytes int64     `json:"attachment_bytes"` // of base64 text
	SYNs            int       `json:"syns,omitempty"`   // of the flood
	SMTP            smtpTruth `json:"smtp"`
	IMAP            imapTruth `json:"imap"`
	TLS             tlsTruth  `json:"tls"`
}

type smtpTruth struct {
	Connections        int   `json:"connections"`
	FileBytes          int64 `json:"file_bytes"`
	MessagesAccepted   int   `json:"messages_accepted"`
	RecipientsAccepted int   `json:"recipients_accepted"`
	RecipientsRejected int   `json:"recipients_rejected"`
	MessageBytes       int64 `json:"message_bytes"`
	LoginsOK           int   `json:"logins_ok"`
}

type imapTruth struct {
	Connections         int   `json:"connections"`
	FileBytes           int64 `json:"file_bytes"`
	LoginsOK            int   `json:"logins_ok"`
	LoginsFailed        int   `json:"logins_failed"`
	MessagesDownloaded  int   `json:"messages_downloaded"`
	MessagesHeadersOnly int   `json:"messages_headers_only"`
	BodyItems           int   `json:"body_items"`
	BodyBytes           int64 `json:"body_bytes"`
	MessagesAppended    int   `json:"messages_appended"`
}

type tlsTruth struct {
	Connections int   `json:"connections"`
	FileBytes   int64 `json:"file_bytes"`
}
