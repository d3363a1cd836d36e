package webmail

import "bytes"

// conditionOf is the first name in a path that isCondition.
func conditionOf(path []byte) []byte {
	for len(path) > 0 {
		name, rest, _ := bytes.Cut(path, []byte{'/'})
		if isCondition(name) {
			return name
		}
		path = rest
	}
	return nil
}

// isCondition reports whether a key is one of those by which Outlook on the web says,
// beside the actions, what a rule looks for (the parameters of New-InboxRule).
func isCondition(key []byte) bool {
	if hasPrefix(key, "ExceptIf") {
		key = key[len("ExceptIf"):]
	}
	return is(key, "SubjectContainsWords", "SubjectOrBodyContainsWords", "BodyContainsWords", "FromAddressContainsWords", "From",
		"RecipientAddressContainsWords", "HeaderContainsWords", "HasAttachment", "WithImportance", "WithSensitivity", "SentTo", "HasClassification",
		"FlaggedForAction", "MessageTypeMatches", "MyNameInToBox", "MyNameInCcBox", "MyNameInToOrCcBox", "MyNameNotInToBox", "SentOnlyToMe",
		"ReceivedAfterDate", "ReceivedBeforeDate", "WithinSizeRangeMinimum", "WithinSizeRangeMaximum")
}

// condition notes what a rule looks for, as its name and a value. Of an address the
// name of the person is left out.
func (r *rule) condition(except bool, what, key, value []byte) {
	if len(what) > 0 && is(key, "name", "@ChangeKey", "RoutingType", "MailboxType") && !bytes.Equal(what, key) {
		return
	}
	if len(r.conditions) == maxConditions {
		r.more = true
		return
	}
	text := make([]byte, 0, 64)
	if except {
		text = append(text, "except "...)
	}
	if len(what) == 0 || is(what, "[]") {
		what = key
	}
	if text = append(text, what...); is(key, "MinimumSize", "MaximumSize", "StartDateTime", "EndDateTime") {
		text = append(append(text, ' '), key...)
	}
	text = append(append(text, ' '), value[:min(len(value), 128)]...)
	r.conditions = append(r.conditions, text)
}
