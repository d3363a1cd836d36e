package protocols

// RuleChange is a change of what a server does with incoming mail by itself: a
// Sieve script, an inbox rule, a forwarding address, a delegate. Every protocol
// that can make one gives this event.
type RuleChange struct {
	Head
	Source   string // sieve, ews, owa, graph, gmail, jmap
	Command  string // as the protocol calls it: PUTSCRIPT, SETACTIVE, UpdateInboxRules …
	Name     []byte // of the script or rule; nil: it has none
	NewName  []byte // RENAMESCRIPT
	Outcome  Outcome
	Live     Tristate // whether the rule is in force after the command, as far as this connection shows
	Created  bool     // the command makes a new rule, beside others of that name if there are any
	Removed  bool     // the command deletes the rule
	Listed   bool     // nothing changed: the rule was read back (GETSCRIPT, LISTSCRIPTS, GetInboxRules)
	Contents bool     // the rule's text was seen: Actions and what follows are all it does
	Actions  []RuleAction
	// Conditions are what the rule looks for, rendered and bounded: subject contains "invoice".
	Conditions [][]byte
	KeepsCopy  bool     // the mail still reaches the mailbox
	Hash       [32]byte // SHA-256 of the text as sent; zero: not seen whole
	Truncated  bool     // a bound was hit or octets were lost: there may be more actions

	// Set behind the merge, where earlier connections are known (detectors/rules):
	// what the rule does now that its last known text did not, and the reverse.
	Added, Gone []RuleAction
	Compared    bool // an earlier text was known
}

// Tristate is yes, no, or not known.
type Tristate uint8

// The states.
const (
	Untold Tristate = iota
	Yes
	No
)

// RuleAction is one thing a rule does with a message.
type RuleAction struct {
	Kind        ActionKind
	Target      []byte // address, mailbox, script, as far as it could be resolved
	Copy        bool   // the mail is kept as well (:copy; forwards of mail services always)
	Conditional bool   // under a test that is not always true
	Unresolved  bool   // Target holds variables whose value is not in the text
}

// ActionKind says what a rule does.
type ActionKind uint8

// The kinds.
const (
	ActionRedirect ActionKind = iota // sends the message on, as it is (Sieve redirect, EWS RedirectToRecipients)
	ActionForward                    // sends it on as a new message, or as an attachment
	ActionNotify                     // tells an address or URI about it (RFC 5435, mailto)
	ActionReply                      // vacation, automatic reply
	ActionDiscard                    // discard, delete
	ActionMove                       // fileinto, move to a folder
	ActionCopy                       // a copy into a folder
	ActionMarkRead                   // sets \Seen
	ActionFlag                       // sets other flags or categories
	ActionReject                     // reject, ereject
	ActionInclude                    // goes on in another script (RFC 6609)
	ActionDelegate                   // Target may act for the account
)

var actionNames = [...]string{"redirect", "forward", "notify", "reply", "discard", "move", "copy", "mark_read", "flag", "reject", "include", "delegate"}

func (k ActionKind) String() string { return actionNames[k] }

// Sends reports whether the action lets an address see the mail.
func (k ActionKind) Sends() bool {
	return k == ActionRedirect || k == ActionForward || k == ActionNotify || k == ActionDelegate
}
