package main

import "fmt"

// health says whether the sensor sees what it should: without it no other dashboard
// can be believed.
func health() *board {
	b := newBoard("health", "sensor health",
		"What the sensor could not see, and how it is doing. Counts elsewhere are lower bounds where something is lost here.")

	b.row("Is it there, and does it see anything")
	add(b, figure("Sensors", "Sensors that answer.", number, sixth, `count(mailsensor_build_info{`+ours+`})`))
	add(b, figure("Interfaces that are down", "Interfaces that were asked for and cannot be captured from.", number, sixth,
		`count(mailsensor_capture_interface_up{`+ours+`}) - sum(mailsensor_capture_interface_up{`+ours+`})`, from("green", 1.0, "red")...))
	add(b, figure("Since the last packet", "How long ago the quietest interface gave a packet. A mirror that is not configured any more looks like this.", seconds, sixth,
		`max(time() - mailsensor_capture_last_packet_timestamp_seconds{`+ours+`})`, from("green", 60.0, "orange", 600.0, "red")...))
	add(b, figure("Dropped", "Share of packets that the kernel or the card had no room for, over the time range.", ratio, sixth,
		share(drops("$__range"), drops("$__range")+" + "+sum("increase", "capture_packets_total", "$__range")), from("green", 0.0001, "orange", 0.01, "red")...))
	add(b, figure("Connections seen one way", "Share of connections of which one direction is missing, over the time range. Look at the mirror.", ratio, sixth,
		share(sum("increase", "tcp_one_sided_total", "$__range"), sum("increase", "tcp_connections_total", "$__range")), from("green", 0.05, "orange", 0.2, "red")...))
	add(b, figure("Memory", "Resident, of all sensors.", octets, sixth, "sum("+process("process_resident_memory_bytes{"+ours+"}")+")"))

	b.row("Capture")
	add(b, graph("Packets", "Received by interface.", packets, half,
		query{"{{interface}}", by("interface", "capture_packets_total")}))
	add(b, graph("Octets", "Received by interface, as long as they were on the wire.", octetsRate, half,
		query{"{{interface}}", by("interface", "capture_bytes_total")}))
	add(b, graph("Lost before the sensor", "The ring was full (--ring-size, or a filter), the card had no room (ethtool -G), or the packet was damaged.", packets, third,
		query{"ring full, {{interface}}", by("interface", "capture_kernel_drops_total")},
		query{"card, {{interface}}", by("interface", "capture_nic_drops_total")},
		query{"damaged, {{interface}}", by("interface", "capture_nic_errors_total")}))
	add(b, graph("Left out by the sensor", "Whole connections that were put aside because the ring filled up, mail last.", packets, third,
		totals("all", "shed_packets", "of mail", "shed_mail_packets")...))
	add(b, graph("Ring in use", "Beyond a half the sensor begins to leave out connections.", ratio, third,
		query{"{{instance}} {{interface}}", `max by (instance, interface) (mailsensor_capture_ring_used_ratio{` + ours + `})`}).Max(1))

	b.row("Reassembly and parsers")
	add(b, graph("Octets that never came", "Holes in streams: counts behind them are lower bounds.", octetsRate, third,
		query{"holes", total("tcp_gap_bytes_total")}))
	add(b, graph("Segments", "Twice: mirrored in two places, or sent again. Out of order: held until the rest came.", packets, third,
		totals("all", "tcp_segments", "twice", "tcp_duplicates", "out of order", "tcp_out_of_order")...))
	add(b, graph("Connections", "New ones, of those seen one way or from the middle only.", packets, third,
		totals("all", "tcp_connections", "one way", "tcp_one_sided", "from the middle", "tcp_midstream")...))
	add(b, graph("Frames by what they were", "Everything but TCP carries no mail; malformed ones and those cut off hide some.", packets, third,
		query{"{{result}}", by("result", "decode_frames_total")}))
	add(b, graph("Bounds that were hit", "Connections forgotten because a table was full.", packets, third,
		totals("half open", "tcp_evicted_half", "closed", "tcp_evicted_closed", "open", "tcp_evicted_open", "pages", "tcp_pages_dropped")...))
	add(b, graph("Parsers", "Panics are errors of ours: please report them. The others are bounds.", packets, third,
		totals("panics", "parser_panics", "not identified", "parser_unidentified", "tail dropped", "parser_tail_dropped", "inflater refused", "parser_inflate_refused")...))

	b.row("Where events and alerts go (docs/sinks.md)")
	add(b, graph("Delivered", "Lines of events and alerts by sink.", lines, third,
		query{"{{sink}}", by("sink", "sink_lines_total")}))
	add(b, graph("Not delivered", "Lost: neither memory nor spool had room. Rejected: the receiver did not want them. Failed: attempts, which are made again.", lines, third,
		query{"lost, {{sink}}", by("sink", "sink_lost_lines_total")},
		query{"rejected, {{sink}}", by("sink", "sink_rejected_lines_total")},
		query{"failed, {{sink}}", by("sink", "sink_errors_total")}))
	add(b, graph("Waiting", "Share of the memory and of the spool that is in use. At 1 lines are lost.", ratio, third,
		query{"memory, {{instance}} {{sink}}", used("queue")},
		query{"spool, {{instance}} {{sink}}", used("spool")}).Max(1))

	b.row("Process")
	add(b, graph("Behind the wire", "From a packet to the handling of what it completed: what 95 % stay under.", seconds, quarter,
		query{"delay", quantile(0.95, "event_delay_seconds")}))
	add(b, graph("CPU", "Cores in use.", number, quarter,
		query{"{{instance}}", process("rate(process_cpu_seconds_total{" + ours + "}[$__rate_interval])")}))
	add(b, graph("Memory", "Resident.", octets, quarter,
		query{"{{instance}}", process("process_resident_memory_bytes{" + ours + "}")}))
	add(b, graph("Goroutines", "A number that only grows is an error of ours.", number, quarter,
		query{"{{instance}}", process("go_goroutines{" + ours + "}")}))
	return b
}

// totals are how fast counters grow: what each is called, and its name, in turn.
func totals(pairs ...string) (list []query) {
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, query{pairs[i], total(pairs[i+1] + "_total")})
	}
	return list
}

func drops(window string) string {
	return fmt.Sprintf("(%s + %s)", sum("increase", "capture_kernel_drops_total", window), sum("increase", "capture_nic_drops_total", window))
}

// used is how much of its bound the queue or the spool of a sink takes.
func used(what string) string {
	return fmt.Sprintf("mailsensor_sink_%s_bytes{%s} / mailsensor_sink_%[1]s_limit_bytes{%s}", what, ours, ours)
}

// process is a series that every program has, of sensors only.
func process(expr string) string { return expr + " and on (instance, job) mailsensor_build_info" }
