package detectors

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"mailsensor/protocols"
)

// Kind is what sort of thing an Entity is.
type Kind string

// The kinds.
const (
	Host    Kind = "host"    // a client's address
	Account Kind = "account" // by its normalised name
	Sender  Kind = "sender"  // an envelope sender
	Domain  Kind = "domain"  // of senders
	Server  Kind = "server"  // an address
	Network Kind = "network" // a prefix, or an autonomous system
	Target  Kind = "target"  // an address that mail is sent on to
)

// Entity is who an alert is about.
type Entity struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
}

// Severity says how soon a person should look.
type Severity uint8

// The severities.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

func (s Severity) String() string { return severityNames[s] }

// MarshalText lets a Severity stand in JSON by its name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *Severity) UnmarshalText(b []byte) error {
	for i, name := range severityNames {
		if string(b) == name {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no severity: write info, low, medium, high or critical", b)
}

// SeverityOf maps a score to a severity, the same for all detectors: a score is
// how sure one may be that the matter deserves a person's time.
func SeverityOf(score float64) Severity {
	switch {
	case score >= 0.9:
		return Critical
	case score >= 0.75:
		return High
	case score >= 0.5:
		return Medium
	case score >= 0.25:
		return Low
	}
	return Info
}

// Alert is something a person should know. It explains itself by its Evidence.
type Alert struct {
	ID       string `json:"id"` // of the detector, the Key and when it began; the same in every replay
	Detector string `json:"detector"`
	// Key is what an alert that goes on is known by: while it does, another with
	// the same Key of the same detector updates it.
	Key        string               `json:"-"`
	What       string               `json:"what"` // the kind of finding, a constant of the detector
	Entity     Entity               `json:"entity"`
	Related    []Entity             `json:"related,omitempty"` // who else has to do with it, bounded
	First      Time                 `json:"first"`
	Last       Time                 `json:"last"`
	Severity   Severity             `json:"severity"`
	Score      float64              `json:"score"` // 0 to 1, comparable between detectors
	Confidence protocols.Confidence `json:"confidence"`
	Techniques []string             `json:"techniques"` // of MITRE ATT&CK
	Summary    string               `json:"summary"`    // one line for a person
	Evidence   []Measure            `json:"evidence"`
	Flows      []Flow               `json:"flows,omitempty"` // bounded: the first ones
	FlowsLeft  uint64               `json:"flows_left_out,omitempty"`
	Packets    *Span                `json:"packets,omitempty"`
	Updates    uint64               `json:"updates,omitempty"` // how often it was raised again
}

// Measure is one thing that was seen, against what is usual.
type Measure struct {
	Name     string   `json:"name"`
	Seen     float64  `json:"seen"`
	Expected *float64 `json:"expected,omitempty"` // absent: nothing is known of what is usual
	Bound    *float64 `json:"bound,omitempty"`    // what 99.9 % of the windows stay under, or a fixed floor
	Unit     string   `json:"unit,omitempty"`
	Text     string   `json:"text,omitempty"` // the same for a person, or what has no number
}

// Flow is a connection that an alert is about.
type Flow struct {
	CommunityID string `json:"community_id"`
	Connection  uint64 `json:"connection"`
	Protocol    string `json:"protocol"`
	Client      string `json:"client"`
	Server      string `json:"server"`
}

// Span is the first and the last packet of what an alert is about, by their
// index in the capture.
type Span struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// Time is Unix nanoseconds, and RFC 3339 in JSON.
type Time int64

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return append(protocols.AppendTime([]byte{'"'}, int64(t)), '"'), nil
}

// maxFlows bounds the connections that an alert names.
const maxFlows = 16

// Saw notes the event as evidence: its time, its connection and its packet.
func (a *Alert) Saw(h *protocols.Head) {
	t := Time(h.Time)
	if a.First == 0 || t < a.First {
		a.First = t
	}
	a.Last = max(a.Last, t)
	if a.Packets == nil {
		a.Packets = &Span{h.Pos.Index, h.Pos.Index}
	}
	a.Packets.First, a.Packets.Last = min(a.Packets.First, h.Pos.Index), max(a.Packets.Last, h.Pos.Index)
	if n := len(a.Flows); n > 0 && a.Flows[n-1].Connection == h.Conn.ID || n == maxFlows { // the others cost a hash
		if a.Flows[n-1].Connection != h.Conn.ID {
			a.FlowsLeft++
		}
		return
	}
	a.addFlow(Flow{
		CommunityID: string(protocols.AppendCommunityID(nil, h.Conn)), Connection: h.Conn.ID, Protocol: h.Protocol,
		Client: h.Conn.Client.String(), Server: h.Conn.Server.String(),
	})
}

func (a *Alert) addFlow(f Flow) {
	for i := range a.Flows {
		if a.Flows[i].Connection == f.Connection {
			return
		}
	}
	if len(a.Flows) == maxFlows {
		a.FlowsLeft++
		return
	}
	a.Flows = append(a.Flows, f)
}

// update takes over what a later alert of the same Key says.
func (a *Alert) update(o Alert) {
	a.Updates++
	a.First, a.Last = min(a.First, o.First), max(a.Last, o.Last)
	if o.Score >= a.Score {
		a.What = o.What
		a.Score, a.Severity, a.Summary, a.Evidence = o.Score, max(a.Severity, o.Severity), o.Summary, o.Evidence
		a.Confidence, a.Techniques = o.Confidence, o.Techniques
	}
	for _, f := range o.Flows {
		a.addFlow(f)
	}
	a.FlowsLeft += o.FlowsLeft
	for _, e := range o.Related {
		a.relate(e)
	}
	if o.Packets != nil {
		if a.Packets == nil {
			a.Packets = o.Packets
		}
		a.Packets.First, a.Packets.Last = min(a.Packets.First, o.Packets.First), max(a.Packets.Last, o.Packets.Last)
	}
}

// maxRelated bounds who else an alert names.
const maxRelated = 32

func (a *Alert) relate(e Entity) {
	for _, r := range a.Related {
		if r == e {
			return
		}
	}
	if len(a.Related) < maxRelated {
		a.Related = append(a.Related, e)
	}
}

// clean makes its text valid UTF-8, as it is in JSON and comes back from there.
func (a *Alert) clean() {
	valid(&a.Entity.Name)
	valid(&a.Summary)
	for i := range a.Related {
		valid(&a.Related[i].Name)
	}
	for i := range a.Evidence {
		valid(&a.Evidence[i].Name)
		valid(&a.Evidence[i].Text)
	}
}

func valid(s *string) { *s = strings.ToValidUTF8(*s, "\ufffd") }

// name gives the alert its ID.
func (a *Alert) name() {
	h := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", a.Detector, a.Key, a.First))
	a.ID = hex.EncodeToString(h[:8])
}

// Value is for the pointers of a Measure.
func Value(v float64) *float64 { return &v }

// Plural is a number and what it counts, for a person.
func Plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Group is an intrusion set of MITRE ATT&CK, and which of some techniques it is
// known to use.
type Group struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Techniques []string `json:"techniques"`
}
