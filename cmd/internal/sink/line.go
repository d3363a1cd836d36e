package sink

import (
	"encoding/json"
	"strings"
)

// end is one side of a connection.
type end struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
}

type attachment struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type half struct {
	Packets int64 `json:"packets"`
	Bytes   int64 `json:"bytes"`
}

// halfOf reads a half of a connection. An estimate has numbers of the same name.
func halfOf(b json.RawMessage) (h half) {
	if json.Unmarshal(b, &h) != nil {
		json.Unmarshal(b, &h.Bytes)
	}
	return h
}

// line is what other formats have a place for, out of an event (docs/events.md) or an
// alert (docs/alerts.md).
type line struct {
	alert bool
	raw   []byte

	Time        string `json:"time"`
	Type        string `json:"type"`
	Protocol    string `json:"protocol"`
	Client      end    `json:"client"`
	Server      end    `json:"server"`
	CommunityID string `json:"community_id"`
	Connection  *int64 `json:"connection"`
	Account     string `json:"account"`
	Confidence  string `json:"confidence"`
	Host        string `json:"host"`

	Outcome     string `json:"outcome"`
	Code        int    `json:"code"`
	Mechanism   string `json:"mechanism"`
	User        string `json:"user"`
	Domain      string `json:"domain"`
	Workstation string `json:"workstation"`
	UserAgent   string `json:"user_agent"`
	Command     string `json:"command"`
	Mailbox     string `json:"mailbox"`
	API         string `json:"api"`
	Operation   string `json:"operation"`
	Upload      bool   `json:"upload"`
	Name        string `json:"name"`
	Version     string `json:"version"`
	Kind        string `json:"kind"`
	Detail      string `json:"detail"`
	Removed     bool   `json:"removed"`
	Listed      bool   `json:"listed"`
	Created     bool   `json:"created"`

	From       string `json:"from"`
	QueueID    string `json:"queue_id"`
	Size       *int64 `json:"size"`
	Started    string `json:"started"`
	Recipients []struct {
		Address string `json:"address"`
		Outcome string `json:"outcome"`
	} `json:"recipients"`
	Facts struct {
		From        []string     `json:"from"`
		To          []string     `json:"to"`
		Subject     string       `json:"subject"`
		MessageID   string       `json:"message_id"`
		Date        string       `json:"date"`
		UserAgent   string       `json:"user_agent"`
		Attachments []attachment `json:"attachments"`
	} `json:"facts"`

	Cipher       string `json:"cipher"`
	ServerName   string `json:"server_name"`
	ALPN         string `json:"alpn"`
	JA3          string `json:"ja3"`
	JA4          string `json:"ja4"`
	Resumed      bool   `json:"resumed"`
	Certificates []struct {
		Subject string   `json:"subject"`
		Issuer  string   `json:"issuer"`
		Names   []string `json:"names"`
		SHA256  string   `json:"sha256"`
	} `json:"certificates"`

	First    string          `json:"first"`
	Last     string          `json:"last"`
	End      string          `json:"end"`
	ToServer json.RawMessage `json:"to_server"`
	ToClient json.RawMessage `json:"to_client"`

	// Of an alert.
	ID         string   `json:"id"`
	Detector   string   `json:"detector"`
	What       string   `json:"what"`
	Entity     entity   `json:"entity"`
	Related    []entity `json:"related"`
	Severity   string   `json:"severity"`
	Score      float64  `json:"score"`
	Techniques []string `json:"techniques"`
	Summary    string   `json:"summary"`
	Flows      []struct {
		CommunityID string `json:"community_id"`
		Protocol    string `json:"protocol"`
		Client      string `json:"client"`
		Server      string `json:"server"`
	} `json:"flows"`
	Evidence []struct {
		Text string `json:"text"`
	} `json:"evidence"`
}

type entity struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// parse reads a record. What is no JSON is a line without members.
func parse(r record) *line {
	l := &line{alert: r.kind == kindAlert, raw: r.line}
	json.Unmarshal(r.line, l) // members of other types stay as they are
	return l
}

// when is the time of a line: of an alert the last of what belongs to it.
func (l *line) when() string {
	if l.alert {
		return l.Last
	}
	return l.Time
}

// kind is the type of an event, or alert.
func (l *line) kind() string {
	if l.alert {
		return "alert"
	}
	return l.Type
}

// source is who speaks: the real client, where it is known.
func (l *line) source() string {
	if l.Host != "" {
		return l.Host
	}
	return l.Client.Address
}

// to are the recipients that were not refused.
func (l *line) to() (list []string) {
	for _, r := range l.Recipients {
		if r.Outcome != "rejected" {
			list = append(list, r.Address)
		}
	}
	return list
}

// names are those that an alert is about, of some kinds.
func (l *line) names(kinds string) (list []string) {
	for _, e := range append([]entity{l.Entity}, l.Related...) {
		if strings.Contains(kinds, e.Kind+" ") && e.Name != "" {
			list = append(list, e.Name)
		}
	}
	return list
}
