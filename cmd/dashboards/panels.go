package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Widths of panels; a line is 24 wide.
const (
	sixth   = 4
	quarter = 6
	third   = 8
	half    = 12
	whole   = 24
)

// Units, as Grafana calls them.
const (
	count      = "short"
	perSecond  = "cps"
	octets     = "bytes"
	octetsRate = "binBps"
	ratio      = "percentunit"
	packets    = "pps"
	perMinute  = "cpm"
	lines      = "cps"
	seconds    = "s"
	number     = "none"
)

// graph draws lines over time.
func graph(title, about, unit string, width uint32, queries ...query) *timeseries.PanelBuilder {
	p := timeseries.NewPanelBuilder().Title(title).Description(about).Datasource(source).
		Unit(unit).Min(0).Span(width).Height(8).
		LineWidth(1).FillOpacity(10).ShowPoints(common.VisibilityModeAuto).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).
			DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	for i, q := range queries {
		p.WithTarget(q.target(i).Range())
	}
	return p
}

// bars draws what happened within each interval, one kind upon the other. An interval
// is a minute at least, so that there are several samples in it.
func bars(title, about, unit string, width uint32, queries ...query) *timeseries.PanelBuilder {
	return graph(title, about, unit, width, queries...).Interval("1m").
		DrawStyle(common.GraphDrawStyleBars).FillOpacity(80).LineWidth(0).
		Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// Names of the series of a band, by which it is drawn.
const (
	seen, expected, bound = "seen", "expected", "bound"
)

// band draws what was seen before what is usual: expected, dashed, and the bound above
// which a count is unusual, the space up to it filled.
func band(title, about, unit string, width uint32, seenExpr, expectedExpr, boundExpr string) *timeseries.PanelBuilder {
	dashed := map[string]any{"fill": "dash", "dash": []int{8, 6}}
	return graph(title, about, unit, width, query{seen, seenExpr}, query{expected, expectedExpr}, query{bound, boundExpr}).
		OverrideByQuery("A", style("blue", property{Id: "custom.lineWidth", Value: 2}, property{Id: "custom.fillOpacity", Value: 0})).
		OverrideByQuery("B", style("green", property{Id: "custom.lineStyle", Value: dashed}, property{Id: "custom.fillOpacity", Value: 0})).
		OverrideByQuery("C", style("orange", property{Id: "custom.fillBelowTo", Value: expected}, property{Id: "custom.fillOpacity", Value: 15}))
}

type property = dashboard.DynamicConfigValue

func style(colour string, more ...property) []property {
	return append([]property{{Id: "color", Value: map[string]string{"mode": "fixed", "fixedColor": colour}}}, more...)
}

// figure shows one value for the time range, large.
func figure(title, about, unit string, width uint32, expr string, steps ...dashboard.Threshold) *stat.PanelBuilder {
	p := stat.NewPanelBuilder().Title(title).Description(about).Datasource(source).
		Unit(unit).Span(width).Height(4).NoValue("0").
		Orientation(common.VizOrientationAuto).GraphMode(common.BigValueGraphModeNone).ColorMode(common.BigValueColorModeValue).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
		WithTarget(query{"", expr}.target(0).Instant())
	if len(steps) == 0 {
		steps = from("text")
	}
	return p.Thresholds(dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps))
}

// from returns thresholds: the colour below all of them, then pairs of a value and
// the colour from it on.
func from(base string, pairs ...any) []dashboard.Threshold {
	steps := []dashboard.Threshold{{Color: base}}
	for i := 0; i+1 < len(pairs); i += 2 {
		steps = append(steps, dashboard.Threshold{Value: new(pairs[i].(float64)), Color: pairs[i+1].(string)})
	}
	return steps
}

// ranking shows the largest as bars, the first on top.
func ranking(title, about, unit string, width uint32, q query) *bargauge.PanelBuilder {
	return bargauge.NewPanelBuilder().Title(title).Description(about).Datasource(source).
		Unit(unit).Min(0).Span(width).Height(8).
		Orientation(common.VizOrientationHorizontal).
		DisplayMode(common.BarGaugeDisplayModeBasic).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
		WithTarget(q.target(0).Instant())
}
