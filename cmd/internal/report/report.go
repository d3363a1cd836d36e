// Package report prints the summary for a person, within 80 columns. Strings
// that came from the network are made harmless first.
//
// It keeps nothing of the document it is given.
package report

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"mailsensor/detectors/summary"
)

// width is what every line fits into: a terminal as narrow as they come, and a
// log or a mail that quotes it.
const width = 80

// Options say how to print.
type Options struct {
	Top      int            // rows of each table; 0: all
	Location *time.Location // for times
}

// Write prints doc to w.
func Write(w io.Writer, doc *summary.Document, opt Options) error {
	p := printer{doc: doc, opt: opt}
	p.capture()
	p.visibility()
	p.smtp()
	p.imap()
	p.pop3()
	p.http()
	p.encrypted()
	p.remote()
	p.rules()
	p.anomalies()
	p.evictions()
	p.alerts()
	p.overlap()
	p.legend()
	_, err := w.Write(p.out.Bytes())
	return err
}

type printer struct {
	out   bytes.Buffer
	doc   *summary.Document
	opt   Options
	marks [len(signs)]bool // the signs that were used
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

// signs stand before counts that are not exact.
var signs = [...]struct{ sign, means string }{
	{"≥", "at least: octets were lost or could not be read, or a bound was hit"},
	{"≤", "at most: repeats could not be told apart"},
	{"~", "estimated"},
}

// mark puts the sign of the confidence before a count.
func (p *printer) mark(s string, c summary.Confidence) string {
	i := 2
	switch c {
	case summary.Exact:
		return s
	case summary.LowerBound:
		i = 0
	case summary.UpperBound:
		i = 1
	}
	p.marks[i] = true
	return signs[i].sign + s
}

func (p *printer) legend() {
	if p.marks != [len(signs)]bool{} {
		p.line("")
	}
	for i, used := range p.marks {
		if used {
			p.line("%s %s", signs[i].sign, signs[i].means)
		}
	}
}
