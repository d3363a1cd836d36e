package e2e

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
	zero                     // data, all of it 0
	nothing                  // no data
)

// exception says of a question that the samples know no answer to it, and why.
type exception struct {
	replayed, live outcome
	why            string
}

// What several exceptions have in common.
var (
	onlyLive  = exception{nothing, something, "a file has no interface and no process"}
	young     = exception{data, data, "two hours are no day of history"}
	oneWay    = exception{data, data, "a connection that is seen one way is counted when it is given up, minutes later"}
	noBound   = exception{data, data, "no sample is that large"}
	onlySinks = exception{nothing, something, "a replay is not asked how its sinks are doing"}
	rareLive  = exception{nothing, data, "a file has no interface, and what is counted cannot be brought about here"}
)

// exceptions lists, by who asks, the questions to which the samples do not answer with
// something. A question that is here and has an answer fails the test, too.
var exceptions = map[string]exception{
	"accounts: Nearest to the bound B":        young,
	"hosts: Nearest to the bound B":           young,
	"forwarding: Rules to where is not known": {zero, data, "all targets in the samples can be told"},
	"health: Connections seen one way":        oneWay,
	"health: Connections B":                   oneWay,
	"health: Bounds that were hit A":          noBound,
	"health: Bounds that were hit B":          noBound,
	"health: Bounds that were hit C":          noBound,
	"health: Bounds that were hit D":          noBound,
	"health: Parsers A":                       {data, data, "no parser fails"},
	"health: Parsers C":                       noBound,
	"health: Parsers D":                       noBound,
	"health: Interfaces that are down":        onlyLive,
	"health: Since the last packet":           onlyLive,
	"health: Dropped":                         onlyLive,
	"health: Memory":                          onlyLive,
	"health: Packets":                         onlyLive,
	"health: Octets":                          onlyLive,
	"health: Lost before the sensor A":        onlyLive,
	"health: Lost before the sensor B":        rareLive,
	"health: Lost before the sensor C":        rareLive,
	"health: Ring in use":                     {nothing, data, "a file has no ring, and that of an interface is empty again when it is looked at"},
	"health: Delivered":                       onlySinks,
	"health: Not delivered A":                 {nothing, data, "a sink holds more than the samples"},
	"health: Not delivered B":                 {nothing, data, "the receivers of the test take everything, or nothing"},
	"health: Not delivered C":                 onlySinks,
	"health: Waiting A":                       {nothing, data, "what cannot be sent goes to the spool at once"},
	"health: Waiting B":                       onlySinks,
	"health: CPU":                             onlyLive,
	"health: Goroutines":                      onlyLive,
}

// wanted is what the answer to a question has to be.
func wanted(who string, from origin) outcome {
	e, ok := exceptions[who]
	switch {
	case from == fromFile:
		return e.replayed
	case !ok:
		return something
	}
	return e.live
}
