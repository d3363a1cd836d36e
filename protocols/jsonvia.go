package protocols

func (l *jsonLine) via(v *Via) {
	l.open("via")
	l.word("kind", v.Kind)
	l.word("target", v.Target)
	l.num("port", uint64(v.Port))
	l.word("user", v.User)
	if v.Origin.IsValid() {
		l.endpoint("origin", v.Origin)
		l.word("origin_source", v.OriginSource)
	}
	l.end('}')
}

func (l *jsonLine) tunnel(e *Tunnel) {
	l.word("kind", e.Kind)
	l.text("target", e.Target)
	l.num("port", uint64(e.Port))
	l.text("user", e.User)
	l.word("mechanism", e.Mechanism)
	l.word("outcome", e.Outcome.String())
	l.num("code", uint64(e.Code))
	l.text("user_agent", e.UserAgent)
}

func (l *jsonLine) mailOperation(e *MailOperation) {
	l.word("api", e.API)
	l.text("operation", e.Operation)
	l.text("mailbox", e.Mailbox)
	l.word("outcome", e.Outcome.String())
	l.num("code", uint64(e.Code))
	l.count("items", uint64(e.Items))
	l.count("bytes", e.Bytes)
	l.text("user_agent", e.UserAgent)
	l.text("device_id", e.DeviceID)
	l.text("name", e.Name)
	l.flag("upload", e.Upload)
}

func (l *jsonLine) tlsStart(e *TLSStart) {
	l.flag("starttls", e.StartTLS)
	if name := tlsVersion(e.Version); name != "" {
		l.word("version", name)
	} else if e.Version != 0 {
		l.code("version", e.Version)
	}
	if e.Cipher != 0 {
		l.code("cipher", e.Cipher)
	}
	l.text("server_name", e.ServerName)
	l.text("alpn", e.ALPN)
	l.text("ja3", e.JA3)
	l.text("ja4", e.JA4)
	l.flag("resumed", e.Resumed)
	l.flag("encrypted_hello", e.Encrypted)
	if len(e.Certificates) > 0 {
		l.list("certificates")
		for i := range e.Certificates {
			c := &e.Certificates[i]
			l.comma()
			*l = append(*l, '{')
			l.text("subject", c.Subject)
			l.texts("names", c.Names)
			l.text("issuer", c.Issuer)
			l.hex("sha256", c.SHA256[:])
			l.end('}')
		}
		l.end(']')
	}
	l.flag("truncated", e.Truncated)
}

// tlsVersion names a protocol version as people do (RFC 8446, section 4.1.2).
func tlsVersion(v uint16) string {
	switch v {
	case 0x0002:
		return "SSL 2.0"
	case 0x0300:
		return "SSL 3.0"
	case 0x0301:
		return "TLS 1.0"
	case 0x0302:
		return "TLS 1.1"
	case 0x0303:
		return "TLS 1.2"
	case 0x0304:
		return "TLS 1.3"
	}
	return ""
}

func (l *jsonLine) tlsUse(e *TLSUse) {
	l.word("service", e.Service)
	l.count("messages", uint64(e.Messages))
	l.count("messages_low", uint64(e.MessagesLow))
	l.count("messages_high", uint64(e.MessagesHigh))
	l.count("bytes", e.Bytes)
	l.count("bytes_low", e.BytesLow)
	l.count("bytes_high", e.BytesHigh)
	l.count("bursts", uint64(e.Bursts))
	l.count("to_server", e.ToServer)
	l.count("to_client", e.ToClient)
	l.flag("interim", e.Interim)
}
