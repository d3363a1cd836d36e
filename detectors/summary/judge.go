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

func (c *POP3) judge(d doubt) {
	lost := d&pop3MailLow != 0
	low, high := lost || d&distinctLow != 0, d&distinctHigh != 0
	c.MessagesDownloadedConf = confidence(low, (high || c.high.downloaded) && c.MessagesDownloaded > 0)
	c.MessagesHeadersOnlyConf = confidence(low, (high || c.high.headersOnly) && c.MessagesHeadersOnly > 0)
	c.MessagesPartialConf = confidence(low, (high || c.high.partial) && c.MessagesPartial > 0)
	c.BodyItemsConf = confidence(lost, false)
	c.BodyBytesConf = c.BodyItemsConf
	c.MessagesDeletedConf = c.BodyItemsConf
	c.Logins.judge(d&pop3LoginsLow != 0)
}

func (c *Sieve) judge(d doubt) {
	c.ScriptsPutConf = confidence(d&sieveLow != 0, false)
	c.ScriptsActivatedConf = c.ScriptsPutConf
	c.ScriptsDeletedConf = c.ScriptsPutConf
	c.Logins.judge(d&sieveLoginsLow != 0)
}

func (c *HTTP) judge(d doubt) {
	lost := d&httpMailLow != 0
	c.RequestsConf = confidence(lost, false)
	c.TunnelsConf = c.RequestsConf
	c.TunnelsRefusedConf = c.RequestsConf
	c.MailOperationsConf = c.RequestsConf
	c.MailBytesConf = c.RequestsConf
	c.RuleChangesConf = c.RequestsConf
	c.MailItemsConf = confidence(lost || d&distinctLow != 0, (d&distinctHigh != 0 || c.high.downloaded) && c.MailItems > 0)
	c.Logins.judge(d&httpLoginsLow != 0)
}

func (l *Logins) judge(lost bool) {
	l.LoginsUnknownConf = confidence(lost, false)
	l.LoginsOKConf = confidence(lost || l.LoginsUnknown > 0, false)
	l.LoginsFailedConf = l.LoginsOKConf
}
