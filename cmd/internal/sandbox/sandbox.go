// Package sandbox takes from the process what it does not need once its sockets
// and files are open. What parses hostile input should find nothing to misuse: no
// privileges, no files but its own, no programs to start, no one to talk to.
//
// Three mechanisms of Linux do it, each of use without the others: capabilities
// are dropped, Landlock limits files and TCP, seccomp limits system calls. What a
// kernel does not have is reported, not fatal.
package sandbox

import "strings"

// Options say what is still needed.
type Options struct {
	Read  []string // files and folders that may be read
	Write []string // folders in which files may be made, written and removed
	// Connect permits TCP connections to these ports of others, and to ask for
	// names, for outputs that are configured.
	Connect []uint16
	// KeepRaw keeps CAP_NET_RAW: several rings of an interface that comes back
	// cannot be opened again without it.
	KeepRaw bool
	// User is whom to become, where the process is root; "" stays.
	User string
}

// Report says what holds from now on.
type Report struct {
	Capabilities string // those that are left; "" for none
	User         string // who the process is from now on, where it changed
	Files        bool   // Landlock holds, which was tried
	Calls        bool   // seccomp holds, which was tried
	Missing      []string
}

// String is the report in words.
func (r Report) String() string {
	s := []string{"capabilities: " + r.Capabilities}
	if r.Capabilities == "" {
		s[0] = "no capabilities"
	}
	if r.User != "" {
		s = append(s, "user "+r.User)
	}
	if r.Files {
		s = append(s, "files limited (Landlock)")
	}
	if r.Calls {
		s = append(s, "system calls limited (seccomp)")
	}
	for _, m := range r.Missing {
		s = append(s, m+" is missing in this kernel")
	}
	return strings.Join(s, ", ")
}
