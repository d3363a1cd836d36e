package summary

// Downloaded returns how many distinct messages were downloaded so far, over all hosts and
// accounts; of mail APIs, items that were read. Where octets are missing the document
// says fewer: it leaves out what may be the same.
func (s *Summary) Downloaded() (imap, pop3, http uint64) {
	t := &s.totals
	if t.imap != nil {
		imap = t.imap.MessagesDownloaded
	}
	if t.lesser != nil {
		pop3, http = t.pop3.MessagesDownloaded, t.http.MailItems
	}
	return imap, pop3, http
}
