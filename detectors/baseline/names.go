package baseline

// Kind is what an entity is. The numbers stand in stored state: new ones go to the
// end.
type Kind uint8

const (
	Host    Kind = iota // a client, by address
	Account             // whom a session is logged in as
	Sender              // an envelope sender's address
	Domain              // an envelope sender's domain
	Server              // a mail server, by address
	Network             // a remote network, by AS number or prefix

	kinds
)

var kindNames = [kinds]string{"host", "account", "sender", "domain", "server", "network"}

func (k Kind) String() string { return name(kindNames[:], int(k)) }

// ParseKind is the inverse of String.
func ParseKind(s string) (Kind, bool) { k, ok := parse(kindNames[:], s); return Kind(k), ok }

// single reports that one person stands behind an entity, whose comings and goings
// are sparse; the others are many people or a machine.
func (k Kind) single() bool { return k == Account || k == Sender }

// dispersions are what a group's are taken for until it has shown them: of a window
// and of a day.
func (k Kind) dispersions() (window, day float64) {
	if k.single() {
		return .5, .15
	}
	return .2, .04
}

// Metric is what is counted. The numbers stand in stored state: new ones go to the
// end.
type Metric uint8

const (
	MessagesSent Metric = iota
	MessagesAccepted
	Recipients
	OutsideRecipients
	BytesSent
	MessagesDownloaded // distinct
	BytesDownloaded
	MailboxesRead // distinct
	Logins
	LoginFailures
	Accounts       // distinct accounts of a host
	Hosts          // distinct hosts of an account
	OutsideServers // distinct, of a host
	TLSBytes       // mail bytes estimated from TLS
	Values         // of any other series of counts

	metrics
)

var metricNames = [metrics]string{
	"messages_sent", "messages_accepted", "recipients", "outside_recipients", "bytes_sent", "messages_downloaded",
	"bytes_downloaded", "mailboxes_read", "logins", "login_failures", "accounts", "hosts", "outside_servers", "tls_bytes", "values",
}

// nouns stand behind a number in a Score's text.
var nouns = [metrics]string{
	"messages", "messages accepted", "recipients", "outside recipients", "KiB sent", "messages downloaded",
	"KiB downloaded", "mailboxes", "logins", "failed logins", "accounts", "hosts", "outside servers", "KiB over TLS", "",
}

func (m Metric) String() string { return name(metricNames[:], int(m)) }

// Unit is what a Score of it counts, for a person: "messages", "KiB sent".
func (m Metric) Unit() string { return name(nouns[:], int(m)) }

// ParseMetric is the inverse of String.
func ParseMetric(s string) (Metric, bool) { m, ok := parse(metricNames[:], s); return Metric(m), ok }

// unit is how much of what Observe is given makes one count. Bytes are counted in
// KiB: see TestBytes for what that is worth.
func (m Metric) unit() float64 {
	if m == BytesSent || m == BytesDownloaded || m == TLSBytes {
		return 1024
	}
	return 1
}

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown"
}

func parse(names []string, s string) (int, bool) {
	for i, n := range names {
		if n == s {
			return i, true
		}
	}
	return 0, false
}
