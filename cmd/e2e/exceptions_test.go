package e2e

import "regexp"

// origin is where the data of a test come from.
type origin int

const (
	fromFile origin = iota // sensor replay of the captures in pcaps/
	fromWire               // sensor run on an interface, to which those captures are sent
)

// outcome is what an answer has to be.
type outcome int

const (
	something outcome = iota // data, and not all of it 0
	data                     // data, and be it 0
	nothing                  // no data
)

// exception is what the samples answer to a question that they know no real answer to,
// and why.
type exception struct {
	want outcome
	why  string
}

// What several exceptions have in common.
var (
	young   = exception{data, "two hours are no day of history"}
	oneWay  = exception{data, "a connection that is seen one way is counted when it is given up, minutes later"}
	noBound = exception{data, "no sample is that large"}
	rare    = exception{data, "what is counted cannot be brought about here"}
)

// exceptions lists, by who asks, the questions to which the samples do not answer with
// something.
var exceptions = map[string]exception{
	"accounts: Nearest to the bound B":            young,
	"hosts: Nearest to the bound B":               young,
	"forwarding: Rules to where is not known":     {data, "all targets in the samples can be told"},
	"forwarding: In force, to where is not known": {data, "the test loses packets: what the last one of such a rule said is chance"},
	"health: Connections seen one way":            oneWay,
	"health: Connections B":                       oneWay,
	"health: Bounds that were hit A":              noBound,
	"health: Bounds that were hit B":              noBound,
	"health: Bounds that were hit C":              noBound,
	"health: Bounds that were hit D":              noBound,
	"health: Parsers A":                           {data, "no parser fails"},
	"health: Parsers C":                           noBound,
	"health: Parsers D":                           noBound,
	"health: Lost before the sensor B":            rare,
	"health: Lost before the sensor C":            rare,
	"health: Ring in use":                         {data, "the ring is empty again when it is looked at"},
	"health: Not delivered A":                     {data, "a sink holds more than the samples"},
	"health: Not delivered B":                     {data, "the receivers of the test take everything, or nothing"},
	"health: Waiting A":                           {data, "what cannot be sent goes to the spool at once"},
}

// ofSensor finds series that a replay does not make: they are of the sensor, not of the
// time of its packets.
var ofSensor = regexp.MustCompile(`\b(up\{|process_|go_|mailsensor_(capture|event|decode|shed|tcp|parser|sink|state)_|mailsensor:(capture_dropped|tcp_one_sided):)`)

// wanted is what the answer to a question has to be.
func wanted(who, expr string, from origin) outcome {
	if from == fromFile && ofSensor.MatchString(expr) {
		return nothing
	}
	return exceptions[who].want // something, where there is none
}
