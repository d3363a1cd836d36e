package mime

// fieldName is the name of a header field that is read. The lines of all others
// are skipped.
type fieldName uint8

const (
	otherField fieldName = iota
	fromField
	toField
	ccField
	subjectField
	messageIDField
	dateField
	userAgentField
	autoSubmittedField
	listIDField
	receivedField
	resentFromField
	resentField // any other that tells of being resent
	forwardedToField
	forwardedForField
	deliveredToField
	autoForwardedField
	typeField // this and those behind it belong to every part, not only to the message
	dispositionField
	encodingField
)

// knownField finds a name, which is in lower case.
func knownField(name []byte) fieldName {
	switch string(name) {
	case "from":
		return fromField
	case "to":
		return toField
	case "cc":
		return ccField
	case "subject":
		return subjectField
	case "message-id":
		return messageIDField
	case "date":
		return dateField
	case "user-agent", "x-mailer":
		return userAgentField
	case "auto-submitted":
		return autoSubmittedField
	case "list-id":
		return listIDField
	case "received":
		return receivedField
	case "resent-from":
		return resentFromField
	case "resent-to", "resent-sender", "resent-date", "resent-message-id":
		return resentField
	case "x-forwarded-to":
		return forwardedToField
	case "x-forwarded-for":
		return forwardedForField
	case "delivered-to":
		return deliveredToField
	case "x-ms-exchange-organization-autoforwarded", "x-autoforward", "x-autoforwarded", "x-auto-forwarded", "autoforwarded":
		return autoForwardedField
	case "content-type":
		return typeField
	case "content-disposition":
		return dispositionField
	case "content-transfer-encoding":
		return encodingField
	}
	return otherField
}

// maxFieldName is longer than any field name that is looked for.
const maxFieldName = 48

// cutName reads the name that a field begins with (RFC 5322, section 2.2) and
// returns where its colon is, or -1 if the line is no field. White space before
// the colon is obsolete syntax (section 4.5); a line break there is none.
func cutName(line []byte) (name fieldName, colon int) {
	n := until(line, endsName)
	for colon = n; colon < len(line) && isSpace(line[colon]); {
		colon++
	}
	if n == 0 || colon == len(line) || line[colon] != ':' {
		return otherField, -1
	}
	var lower [maxFieldName]byte
	if n > len(lower) {
		return otherField, colon
	}
	for i, c := range line[:n] {
		lower[i] = c | ('a' - 'A') // makes letters of nothing but letters
	}
	return knownField(lower[:n]), colon
}
