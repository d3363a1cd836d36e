package history

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// Label is one that all series get.
type Label struct{ Name, Value string }

// WriteOpenMetrics writes all samples in the text format of OpenMetrics 1.0, as
// promtool tsdb create-blocks-from openmetrics reads it: a family together, of each
// series the samples in the order of time, times in seconds.
func (r *Recorder) WriteOpenMetrics(out io.Writer, labels []Label) error {
	w := bufio.NewWriterSize(out, 64<<10)
	var line []byte
	for _, f := range r.families {
		name := f.name
		if f.kind == "counter" {
			name = strings.TrimSuffix(name, "_total")
		}
		w.WriteString("# TYPE " + name + " " + f.kind + "\n# HELP " + name + " " + f.help + "\n")
		for _, t := range f.tracks {
			series := seriesText(t, labels)
			r.samples(t, func(at int64, value float64) {
				line = append(append(line[:0], series...), ' ')
				line = append(appendFloat(line, value), ' ')
				w.Write(append(appendSeconds(line, at), '\n')) // an error sticks, and Flush reports it
			})
		}
	}
	w.WriteString("# EOF\n")
	return w.Flush()
}

func seriesText(t *track, labels []Label) string {
	var b strings.Builder
	b.WriteString(t.name + "{" + t.labels)
	for i, l := range labels {
		if i > 0 || t.labels != "" {
			b.WriteByte(',')
		}
		b.WriteString(l.Name + `="` + escaper.Replace(strings.ToValidUTF8(l.Value, "\ufffd")) + `"`)
	}
	b.WriteByte('}')
	return b.String()
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func appendFloat(b []byte, v float64) []byte { return strconv.AppendFloat(b, v, 'g', -1, 64) }

// appendSeconds appends nanoseconds since 1970 as seconds, with what digits it needs.
func appendSeconds(b []byte, ns int64) []byte {
	b = strconv.AppendInt(b, ns/1e9, 10)
	if ms := ns % 1e9 / 1e6; ms != 0 {
		b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return b
}
