package exfil

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/freemail"
	"mailsensor/protocols"
)

func (d *Detector) message(e *protocols.Message, raise func(detectors.Alert)) {
	if e.Outcome != protocols.Accepted {
		return
	}
	out := d.outside(e)
	if len(out) == 0 || len(e.Facts.ListID) > 0 || d.again(e) {
		return
	}
	s := d.sender(e)
	if s == nil {
		return
	}
	s.turn(e.Time)
	settled := s.settled(e.Time, &d.config)
	stranger, private := d.judge(s, out)
	octets := attached(&e.Facts)
	if signs := d.signs(e, s, settled, stranger, private, octets); len(signs) > 0 {
		if score := detectors.Together(signs); score >= d.config.MinScore {
			raise(d.leak(e, s, out, signs, score))
		}
	}
	if settled && stranger != nil || private != nil {
		d.daily(e, s, raise)
	}
	s.messages++
	s.largest = max(s.largest, octets)
}

// judge finds among the recipients one who is new to the sender, and one whose
// mailbox is a private one.
func (d *Detector) judge(s *sender, out [][]byte) (stranger, private []byte) {
	for _, to := range out {
		if !s.knows(to) {
			stranger = to
		}
		if freemail.Address(to) || freemail.Own(s.name, to) {
			private = to
		}
	}
	return stranger, private
}

// attached is how many octets a message's attachments have.
func attached(f *protocols.Facts) (n uint64) {
	for i := range f.Attachments {
		n += f.Attachments[i].Size
	}
	return n
}

func (d *Detector) signs(e *protocols.Message, s *sender, settled bool, stranger, private []byte, octets uint64) (list []detectors.Sign) {
	add := func(name string, weight float64, format string, args ...any) {
		list = append(list, detectors.Sign{Name: name, Weight: weight, Text: fmt.Sprintf(format, args...)})
	}
	store, archive := kinds(&e.Facts)
	if octets == 0 && e.Size < d.config.Large {
		return nil
	}
	if store != "" {
		add("mail_store", 0.5, "a mail store, %q", store)
	}
	if archive != "" {
		add("archive", 0.15, "an archive, %q", archive)
	}
	switch size := max(octets, e.Size*3/4); {
	case size >= d.config.Large*5/2:
		add("octets", 0.35, "%d MiB", size>>20)
	case size >= d.config.Large:
		add("octets", 0.25, "%d MiB", size>>20)
	case settled && octets > 1<<20 && octets > 5*s.largest:
		add("octets", 0.2, "%d MiB, five times the most so far", octets>>20)
	}
	if len(list) == 0 { // an ordinary attachment: whoever it goes to
		return nil
	}
	if settled && stranger != nil {
		add("new_recipient", 0.2, "was not seen to write to %s before", detectors.Text(stranger))
	}
	if private != nil {
		if freemail.Own(s.name, private) {
			add("own_address", 0.35, "%s looks like the sender's own", detectors.Text(private))
		}
		if freemail.Address(private) {
			add("free_mail", 0.15, "to a free mail provider")
		}
	}
	return list
}

// kinds finds a mail store and an archive among the attachments, by name.
func kinds(f *protocols.Facts) (store, archive string) {
	for i := range f.Attachments {
		name := bytes.TrimSpace(f.Attachments[i].Name)
		switch {
		case isStore(name):
			store = detectors.Text(name)
		case isArchive(name):
			archive = detectors.Text(name)
		}
	}
	return store, archive
}

// isStore reports whether a file by its name is a mail store, packed or not.
func isStore(name []byte) bool {
	for isArchive(name) {
		name = name[:bytes.LastIndexByte(name, '.')]
	}
	return hasSuffix(name, ".pst", ".ost", ".mbox", ".mbx", ".nsf", ".olm", ".dbx", ".edb")
}

func isArchive(name []byte) bool {
	return hasSuffix(name, ".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".cab", ".iso")
}

func hasSuffix(name []byte, list ...string) bool {
	for _, s := range list {
		if n := len(name) - len(s); n >= 0 && strings.EqualFold(string(name[n:]), s) {
			return true
		}
	}
	return false
}

func (d *Detector) leak(e *protocols.Message, s *sender, out [][]byte, signs []detectors.Sign, score float64) detectors.Alert {
	al := detectors.Alert{What: "strange_message", Key: "message " + s.name + " " + string(out[0]), Score: min(score, 0.95), Confidence: e.Confidence,
		Entity: detectors.Entity{Kind: detectors.Account, Name: s.name}, Techniques: []string{"T1048.003"}}
	al.Saw(&e.Head)
	var texts []string
	for _, sg := range signs {
		texts = append(texts, sg.Text)
		al.Evidence = append(al.Evidence, detectors.Measure{Name: sg.Name, Seen: 1, Expected: detectors.Value(0), Text: sg.Text})
		if sg.Name == "mail_store" {
			al.Techniques = append(al.Techniques, "T1114.001")
		}
	}
	al.Related = []detectors.Entity{{Kind: detectors.Target, Name: detectors.Text(out[0])}, {Kind: detectors.Host, Name: e.Client().String()}}
	al.Summary = fmt.Sprintf("%s mailed %s: %s", s.name, detectors.Text(out[0]), strings.Join(texts, ", "))
	return al
}

// daily adds up what goes to strangers and private mailboxes.
func (d *Detector) daily(e *protocols.Message, s *sender, raise func(detectors.Alert)) {
	n := s.strange.Add(e.Time, day, e.Size)
	s.today = max(s.today, n)
	if n < d.config.Daily || n < 2*s.past {
		return
	}
	al := detectors.Alert{What: "octets_outside", Key: "daily " + s.name, Confidence: e.Confidence,
		Score:  0.55 + 0.3*min(1, (float64(n)/float64(d.config.Daily)-1)/9),
		Entity: detectors.Entity{Kind: detectors.Account, Name: s.name}, Techniques: []string{"T1048.003"}}
	al.Saw(&e.Head)
	al.Summary = fmt.Sprintf("%s mailed %d MiB within a day to strangers and free mail providers", s.name, n>>20)
	al.Evidence = []detectors.Measure{{Name: "octets_to_strangers", Seen: float64(n), Expected: detectors.Value(float64(s.past)), Bound: detectors.Value(float64(d.config.Daily)), Unit: "octets",
		Text: fmt.Sprintf("%d MiB within %d h, floor %d MiB, the most so far %d MiB", n>>20, day/int64(time.Hour), d.config.Daily>>20, s.past>>20)}}
	raise(al)
}

// noMessage is more than one message may have anywhere: a file of mail that large,
// whatever its name, is a store.
const noMessage = 150 << 20

// file is about a mail store that is moved over the web.
func (d *Detector) file(e *protocols.MailOperation, raise func(detectors.Alert)) {
	name := detectors.Text(e.Name)
	store := isStore(bytes.TrimSpace(e.Name)) || e.Bytes >= noMessage
	if !store || e.Outcome == protocols.Rejected {
		return
	}
	if name == "" {
		name = "without a name"
	}
	d.name = d.border.Account(e.Account, d.name)
	who := detectors.Entity{Kind: detectors.Host, Name: e.Client().String()}
	if len(d.name) > 0 {
		who = detectors.Entity{Kind: detectors.Account, Name: string(d.name)}
	}
	al := detectors.Alert{What: "mail_store_moved", Key: "file " + who.Name + " " + name, Score: 0.55, Confidence: e.Confidence, Entity: who, Techniques: []string{"T1114.001"}}
	verb := "downloaded"
	if e.Upload {
		verb = "uploaded"
		al.Techniques = append(al.Techniques, "T1567")
		if !d.border.Address(e.Conn.Server.Addr()) {
			al.Score = 0.8
		}
	} else if !d.border.Address(e.Client()) {
		al.Score = 0.8
	}
	al.Saw(&e.Head)
	al.Related = []detectors.Entity{{Kind: detectors.Server, Name: e.Conn.Server.Addr().String()}}
	al.Summary = fmt.Sprintf("%s %s the mail store %q, %d MiB", who.Name, verb, name, e.Bytes>>20)
	al.Evidence = []detectors.Measure{{Name: "mail_store", Seen: float64(e.Bytes), Expected: detectors.Value(0), Unit: "octets", Text: fmt.Sprintf("%q at %s", name, e.Conn.Server.Addr())}}
	raise(al)
}
