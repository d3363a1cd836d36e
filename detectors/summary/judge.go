package summary

// confidence of a count that may be too low, too high, or both.
func confidence(low, high bool) Confidence {
	switch {
	case low:
		return LowerBound
	case high:
		return UpperBound
	}
	return Exact
}

func (c *SMTP) judge(d doubt) {
	lost := d&smtpMailLow != 0
	c.MessagesAttemptedConf = confidence(lost, false)
	c.MessagesUnknownConf = c.MessagesAttemptedConf

	verdicts := confidence(lost || c.MessagesUnknown > 0, false) // an unknown one had some verdict
	c.MessagesAcceptedConf = verdicts
	c.MessagesRejectedConf = verdicts
	c.MessagesUnfinishedConf = verdicts
	c.RecipientsAcceptedConf = verdicts
	c.RecipientsRejectedConf = verdicts
	c.MessageBytesConf = verdicts
	c.RecipientsInsideConf = confidence(verdicts == LowerBound || c.recipientsUnlisted, false)
	c.RecipientsOutsideConf = c.RecipientsInsideConf
	c.Logins.judge(d&smtpLoginsLow != 0)
}

func (c *IMAP) judge(d doubt) {
	lost := d&imapMailLow != 0
	low, high := lost || d&distinctLow != 0, d&distinctHigh != 0
	c.MessagesDownloadedConf = confidence(low, (high || c.high.downloaded) && c.MessagesDownloaded > 0)
	c.MessagesHeadersOnlyConf = confidence(low, (high || c.high.headersOnly) && c.MessagesHeadersOnly > 0)
	c.MessagesPartialConf = confidence(low, (high || c.high.partial) && c.MessagesPartial > 0)
	c.MailboxesReadConf = confidence(lost, (high || c.high.mailboxes) && c.MailboxesRead > 0)

	rest := confidence(lost, false)
	c.PartBytesConf = rest
	c.HeaderBytesConf = rest
	c.BodyItemsConf = rest
	c.BodyBytesConf = rest
	c.MessagesAppendedConf = rest
	c.MessagesExpungedConf = rest
	c.SearchesConf = rest
	c.MessagesCopiedConf = confidence(lost || d&copiesLow != 0, false)
	c.MessagesMovedConf = c.MessagesCopiedConf
	c.Logins.judge(d&imapLoginsLow != 0)
}

func (l *Logins) judge(lost bool) {
	l.LoginsUnknownConf = confidence(lost, false)
	l.LoginsOKConf = confidence(lost || l.LoginsUnknown > 0, false)
	l.LoginsFailedConf = l.LoginsOKConf
}
