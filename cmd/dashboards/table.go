package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// column is a query whose values stand under a heading of the table.
type column struct{ heading, unit, expr string }

// list is a table with a row for each combination of labels, and a column for each
// query. The first column sorts it.
func list(title, about string, width uint32, labels []string, columns ...column) *table.PanelBuilder {
	p := table.NewPanelBuilder().Title(title).Description(about).Datasource(source).
		Span(width).Height(9).Filterable(true).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{"sum"}))
	rename, order, hide := map[string]string{}, map[string]int{}, map[string]bool{"Time": true}
	for i, l := range labels {
		order[l] = i
	}
	for i, c := range columns {
		p.WithTarget(query{"", c.expr}.target(i).Instant().Format(prometheus.PromQueryFormatTable))
		field := "Value #" + string(rune('A'+i))
		if len(columns) == 1 {
			field = "Value"
		}
		rename[field], order[field] = c.heading, len(labels)+i
		p.OverrideByName(c.heading, []property{{Id: "unit", Value: c.unit}})
	}
	return p.
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}}).
		WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
			"excludeByName": hide, "renameByName": rename, "indexByName": order}}).
		SortBy([]cog.Builder[common.TableSortByFieldState]{common.NewTableSortByFieldStateBuilder().DisplayName(columns[0].heading).Desc(true)})
}

// linked makes the values of a label links to the dashboard of what they name, over
// the same time.
func linked(p *table.PanelBuilder, label, board string) *table.PanelBuilder {
	return p.OverrideByName(label, []property{{Id: "links", Value: []map[string]any{{
		"title": fmt.Sprintf("%s ${__value.text}", label),
		"url":   link(board, label, "${__value.raw:percentencode}"),
	}}}})
}

// link is the address of a dashboard that shows one value of a variable, over the
// time and from the data source of the one that links to it.
func link(board, variable, value string) string {
	return fmt.Sprintf("/d/%s?${datasource:queryparam}&${__url_time_range}&var-%s=%s", uid(board), variable, value)
}
