package main

const (
	megabyte = 1_000_000
	gigabyte = 1_000_000_000
)

// The captures. Without losses the counts must be exact.
var (
	mail100 = spec{"mail-100MB", []string{"--mix", "mail", "--size", "100MB"}, gigabyte / 10}
	exact   = spec{"mail-100MB-whole", []string{"--mix", "mail", "--size", "100MB", "--loss", "0", "--seed", "2"}, gigabyte / 10}
	mail1   = spec{"mail-1GB", []string{"--mix", "mail", "--size", "1GB"}, gigabyte}
	mixed1  = spec{"mixed-1GB", []string{"--mix", "mixed", "--size", "1GB"}, gigabyte}
	web1    = spec{"download-1GB", []string{"--mix", "download", "--size", "1GB"}, gigabyte}
	mail4   = spec{"mail-4GB", []string{"--mix", "mail", "--size", "4GB"}, 4 * gigabyte}
	idle    = spec{"idle-200k", []string{"--mix", "idle", "--connections", "200000"}, gigabyte / 5}
	flood   = spec{"synflood-5M", []string{"--mix", "synflood", "--syns", "5000000"}, 420 * megabyte}
)

// comparison is one row: the sensor, with flags, against wc -l.
type comparison struct {
	capture spec
	flags   []string
	ratio   float64 // bar: at most so many times as long as wc -l; 0: none
	peak    int64   // bar: less memory than this
	lossy   bool    // segments are missing: counts are lower bounds
	once    bool    // one run will do
}

func plan(full bool) []comparison {
	const usual = 200 * megabyte
	none := []string{"--attachment-hash", "none"}
	list := []comparison{
		{capture: mail1, flags: none, ratio: 3, peak: usual, lossy: true},
		{capture: mail1, ratio: 5, peak: usual, lossy: true},
		{capture: mixed1, flags: none, ratio: 3, peak: usual, lossy: true},
		{capture: mixed1, ratio: 5, peak: usual, lossy: true},
		{capture: web1, ratio: 2, peak: usual, lossy: true},
		{capture: mail100, flags: none, peak: usual, lossy: true},
		{capture: exact, peak: usual, once: true},
		{capture: idle, peak: 400 * megabyte, once: true},
		{capture: flood, peak: 400 * megabyte, once: true},
	}
	if full {
		list = append(list, comparison{capture: mail4, flags: none, peak: usual, lossy: true})
	}
	return list
}
