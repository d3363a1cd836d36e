//lint:file-ignore SA1019 version 1 of the schema is what every Grafana since 10 reads

package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// tag marks the dashboards that belong together; the menu at the top lists them.
const tag = "mailsensor"

// uid is how links find a dashboard. It never changes.
func uid(name string) string { return "mailsensor-" + name }

// source is the data source that was chosen at the top.
var source = common.DataSourceRef{Type: new("prometheus"), Uid: new("$datasource")}

// board is a dashboard to which rows and panels are added from left to right.
type board struct {
	*dashboard.DashboardBuilder
	panels uint32
}

// newBoard returns an empty dashboard with what all of them have: data source,
// instance, the menu, and the alerts as marks on every graph.
func newBoard(name, title, about string, vars ...*dashboard.QueryVariableBuilder) *board {
	b := &board{DashboardBuilder: dashboard.NewDashboardBuilder("Mail sensor: "+title).
		Uid(uid(name)).Description(about).Tags([]string{tag}).
		Time("now-6h", "now").Refresh("1m").Timezone("browser").
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus")).
		WithVariable(variable("instance", "Sensor", `label_values(mailsensor_build_info, instance)`)).
		Link(dashboard.NewDashboardLinkBuilder("Mail sensor").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{tag}).Icon("external link").IncludeVars(true).KeepTime(true)).
		Annotation(alertMarks())}
	for _, v := range vars {
		b.WithVariable(v)
	}
	return b
}

// Build returns the dashboard. Menu and marks are shown at the top, where the builders
// would put them into a menu.
func (b *board) Build() (dashboard.Dashboard, error) {
	doc, err := b.DashboardBuilder.Build()
	for i := range doc.Links {
		doc.Links[i].Placement = nil
	}
	for i := range doc.Annotations.List {
		doc.Annotations.List[i].Placement = nil
	}
	return doc, err
}

// variable is a choice of one, several or all values of a label. All includes the
// series that do not have it, as those of a replay have no instance.
func variable(name, label, query string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(name).Label(label).Datasource(source).
		Query(dashboard.StringOrMap{Map: map[string]any{"qryType": 1, "query": query, "refId": name}}).
		Definition(query).Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).IncludeAll(true).AllValue(".*").
		Current(dashboard.VariableOption{
			Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
			Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
		})
}

// alertMarks draws a line on every graph where an alert was raised.
func alertMarks() *dashboard.AnnotationQueryBuilder {
	q := query{"", "sum by (detector, severity) (increase(mailsensor_alerts_total{" + ours + "}[1m])) > 0"}
	return dashboard.NewAnnotationQueryBuilder().Name("Alerts").Datasource(source).Enable(true).IconColor("red").
		Target(q.target(0).Range().Interval("1m")).Step("60s").TitleFormat("{{severity}}: {{detector}}")
}

// row begins a new line of panels under a title.
func (b *board) row(title string) *board {
	b.panels++
	b.WithRow(dashboard.NewRowBuilder(title).Id(b.panels))
	return b
}

// panel is what the builders of all kinds of panel have in common.
type panel[P any] interface {
	cog.Builder[dashboard.Panel]
	Id(uint32) P
}

// add puts a panel to the right of the one before, or below when the line is full.
func add[P panel[P]](b *board, p P) {
	b.panels++
	b.WithPanel(p.Id(b.panels))
}

// query is one expression of a panel, and what its series are called.
type query struct{ legend, expr string }

// target turns the i-th query of a panel into what Grafana asks for.
func (q query) target(i int) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().Datasource(source).RefId(string(rune('A' + i))).
		Expr(q.expr).LegendFormat(q.legend).EditorMode(prometheus.QueryEditorModeCode)
}
