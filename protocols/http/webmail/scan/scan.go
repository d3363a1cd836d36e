// Package scan reads the forms in which mail APIs write their content, as the octets
// come and however they are cut: JSON, XML, WBXML, multipart and base64. Its readers
// know where they are and keep little more than that: the path to a value and the
// beginning of it. They are linear, bounded, and allocate nothing once they are warm.
//
// Pieces of input are borrowed until Write returns; what a Visitor is told is borrowed
// until that returns.
package scan

// Token is what a reader meets.
type Token uint8

// The tokens.
const (
	Open  Token = iota // an object, an array, an element begins
	Begin              // a JSON string begins, which is no name; its octets may be taken
	Text               // a value: its beginning, and how many octets it has in all
	Null               // the JSON null
	Close              // an object, an array, an element ends
)

// Visitor is told what is met, with the path to it: names, each behind a slash, and
// "[]" for the elements of a JSON array, "@name" for an attribute in XML. What it
// returns for Open (XML, WBXML) and Begin (JSON) is given the octets of the value in
// full; nil: nobody wants them.
type Visitor interface {
	Visit(what Token, path, value []byte, size uint64) Taker
}

// Taker takes the octets of a value as they come.
type Taker interface{ Take(b []byte) }

// Bounds of all readers.
const (
	maxDepth = 64
	maxPath  = 512
	maxName  = 64      // octets of a name that are kept
	maxValue = 1 << 10 // octets of a value that are kept
)

// value is the one that is being read.
type value struct {
	kept []byte
	size uint64
	to   Taker
}

func (v *value) begin(to Taker) { v.kept, v.size, v.to = v.kept[:0], 0, to }

func (v *value) put(b []byte) {
	v.size += uint64(len(b))
	if room := maxValue - len(v.kept); room > 0 {
		v.kept = append(v.kept, b[:min(len(b), room)]...)
	}
	if v.to != nil {
		v.to.Take(b)
	}
}

// trail is the path to where a reader is.
type trail struct {
	path []byte
	ends []int // its length at the beginning of each level
	deep int   // levels beyond maxDepth
}

func (t *trail) reset() { *t = trail{path: t.path[:0], ends: t.ends[:0]} }

// name puts a name at the end of the path. A slash in it does not make two of it.
func (t *trail) name(b []byte) {
	b = b[:min(len(b), maxName)]
	if len(t.path)+1+len(b) > maxPath {
		b = b[:max(0, maxPath-len(t.path)-1)]
	}
	t.path = append(t.path, '/')
	from := len(t.path)
	t.path = append(t.path, b...)
	for i := from; i < len(t.path); i++ {
		if t.path[i] == '/' {
			t.path[i] = '|'
		}
	}
}
