package imap

import "mailsensor/protocols/line"

// verb is a command's name, as far as it matters here.
type verb uint8

const (
	unknownVerb verb = iota
	otherVerb        // a command that is only followed to its end
	appendVerb
	authenticateVerb
	closeVerb
	compressVerb
	copyVerb
	createVerb
	deleteVerb
	deleteACLVerb
	examineVerb
	expungeVerb
	fetchVerb
	idVerb
	idleVerb
	loginVerb
	moveVerb
	renameVerb
	replaceVerb
	searchVerb
	selectVerb
	setACLVerb
	sortVerb
	startTLSVerb
	storeVerb
	subscribeVerb
	threadVerb
	uidVerb
	unauthenticateVerb
	unselectVerb
	unsubscribeVerb
	verbs
)

// verbInfo says how to read a command and what to call it.
type verbInfo struct {
	name    string // in events
	uidName string // behind UID
	keep    uint8  // arguments that are needed, as bits; bit 0 is the first
	raw     uint8  // arguments from this one on are kept as they are written; 0: none
}

const fromFirst = 1

var verbTable = [verbs]verbInfo{
	appendVerb:      {name: "APPEND", keep: 1},
	copyVerb:        {name: "COPY", keep: 2},
	createVerb:      {name: "CREATE", keep: 1},
	deleteVerb:      {name: "DELETE", keep: 1},
	deleteACLVerb:   {name: "DELETEACL", keep: 1 | 2},
	examineVerb:     {name: "EXAMINE", keep: 1},
	expungeVerb:     {name: "EXPUNGE"},
	fetchVerb:       {name: "FETCH", uidName: "UID FETCH"},
	idleVerb:        {name: "IDLE"},
	loginVerb:       {name: "LOGIN", keep: 1},
	moveVerb:        {name: "MOVE", keep: 2},
	renameVerb:      {name: "RENAME", keep: 1 | 2},
	replaceVerb:     {name: "REPLACE", keep: 2},
	searchVerb:      {name: "SEARCH", uidName: "UID SEARCH", raw: fromFirst},
	selectVerb:      {name: "SELECT", keep: 1},
	setACLVerb:      {name: "SETACL", keep: 1 | 2 | 4},
	sortVerb:        {name: "SORT", uidName: "UID SORT", raw: fromFirst},
	storeVerb:       {name: "STORE", raw: fromFirst + 1},
	subscribeVerb:   {name: "SUBSCRIBE", keep: 1},
	threadVerb:      {name: "THREAD", uidName: "UID THREAD", raw: fromFirst},
	unsubscribeVerb: {name: "UNSUBSCRIBE", keep: 1},
}

// verbOf looks a command's name up, whatever its case.
func verbOf(word []byte) verb {
	if len(word) == 0 || len(word) > 16 {
		return unknownVerb
	}
	var buf [16]byte
	for i, c := range word {
		buf[i] = line.Upper(c)
	}
	switch string(buf[:len(word)]) {
	case "FETCH":
		return fetchVerb
	case "UID":
		return uidVerb
	case "APPEND":
		return appendVerb
	case "AUTHENTICATE":
		return authenticateVerb
	case "CLOSE":
		return closeVerb
	case "COMPRESS":
		return compressVerb
	case "COPY":
		return copyVerb
	case "CREATE":
		return createVerb
	case "DELETE":
		return deleteVerb
	case "DELETEACL":
		return deleteACLVerb
	case "EXAMINE":
		return examineVerb
	case "EXPUNGE":
		return expungeVerb
	case "ID":
		return idVerb
	case "IDLE":
		return idleVerb
	case "LOGIN":
		return loginVerb
	case "MOVE":
		return moveVerb
	case "RENAME":
		return renameVerb
	case "REPLACE":
		return replaceVerb
	case "SEARCH":
		return searchVerb
	case "SELECT":
		return selectVerb
	case "SETACL":
		return setACLVerb
	case "SORT":
		return sortVerb
	case "STARTTLS":
		return startTLSVerb
	case "STORE":
		return storeVerb
	case "SUBSCRIBE":
		return subscribeVerb
	case "THREAD":
		return threadVerb
	case "UNAUTHENTICATE":
		return unauthenticateVerb
	case "UNSELECT":
		return unselectVerb
	case "UNSUBSCRIBE":
		return unsubscribeVerb
	case "CAPABILITY", "NOOP", "LOGOUT", "ENABLE", "LIST", "LSUB", "XLIST", "STATUS", "CHECK", "NAMESPACE",
		"GETQUOTA", "GETQUOTAROOT", "SETQUOTA", "GETMETADATA", "SETMETADATA", "GETANNOTATION", "SETANNOTATION",
		"MYRIGHTS", "GETACL", "LISTRIGHTS", "NOTIFY", "ESEARCH", "CANCELUPDATE", "GENURLAUTH", "URLFETCH",
		"RESETKEY", "CONVERT", "CONVERSIONS", "LANGUAGE", "COMPARATOR", "GETJMAPACCESS", "UIDBATCHES", "RLIST", "RLSUB":
		return otherVerb
	}
	return unknownVerb
}
