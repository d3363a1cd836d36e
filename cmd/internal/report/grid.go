package report

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// row is a name and the figures that belong to it.
type row []string

// minName is how many columns a name has at least: the figures, with their
// signs, never take more than the rest.
const minName = 16

// ranked is grid for the first rows only, and says how many more there are.
func (p *printer) ranked(title string, head row, rows []row) {
	p.list(title, head, rows, text.AlignRight)
}

// list is ranked with the columns behind the first aligned as given.
func (p *printer) list(title string, head row, rows []row, align text.Align) {
	shown := rows
	if p.opt.Top > 0 && len(rows) > p.opt.Top {
		shown = rows[:p.opt.Top]
	}
	p.table(title, head, shown, align)
	if n := len(rows) - len(shown); n > 0 {
		p.line("  … and %s more (--top 0 shows all)", number(uint64(n)))
	}
}

// grid prints rows under a title, names to the left, figures to the right.
func (p *printer) grid(title string, head row, rows []row) {
	p.table(title, head, rows, text.AlignRight)
}

func (p *printer) table(title string, head row, rows []row, align text.Align) {
	room := nameRoom(head, rows)
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	t.SetColumnConfigs(columns(len(head), align))
	t.AppendHeader(cells(head))
	for _, r := range rows {
		t.AppendRow(cells(append(row{fold(r[0], room)}, r[1:]...)))
	}
	p.line("\n%s", title)
	for line := range strings.SplitSeq(t.Render(), "\n") {
		p.line(" %s", strings.TrimRight(line, " "))
	}
}

// nameRoom is how many columns the figures leave to the names.
func nameRoom(head row, rows []row) int {
	room := width - len("  ")
	for i := range head[1:] {
		widest := text.StringWidth(head[i+1])
		for _, r := range rows {
			widest = max(widest, text.LongestLineLen(r[i+1]))
		}
		room -= widest + len("  ")
	}
	return max(room, minName)
}

// fold makes a name safe and breaks it in two where it is too wide, before the
// domain or behind a colon where that will do. Beyond two lines it is cut.
func fold(name string, room int) string {
	name = safe(name, 2*room)
	if text.StringWidth(name) <= room {
		return name
	}
	head := text.Trim(name, room)
	if i := strings.LastIndexByte(head, '@'); i > 0 && text.StringWidth(name[i:]) <= room {
		head = head[:i]
	} else if i := strings.LastIndexByte(head, ':'); i > 0 && text.StringWidth(name[i+1:]) <= room {
		head = head[:i+1]
	}
	return head + "\n" + safe(name[len(head):], room)
}

func plainStyle() table.Style {
	style := table.StyleDefault
	style.Options = table.Options{}
	style.Box.PaddingLeft, style.Box.PaddingRight = " ", " "
	style.Format.Header = text.FormatDefault
	return style
}

func columns(n int, align text.Align) []table.ColumnConfig {
	var out []table.ColumnConfig
	for i := 2; i <= n; i++ {
		out = append(out, table.ColumnConfig{Number: i, Align: align, AlignHeader: align})
	}
	return out
}

func cells(r row) table.Row {
	out := make(table.Row, len(r))
	for i, s := range r {
		out[i] = s
	}
	return out
}
