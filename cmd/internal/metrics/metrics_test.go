package metrics

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mailsensor/capture/live"
	"mailsensor/cmd/internal/pipeline"
)

func text(r *Registry) string {
	var b bytes.Buffer
	r.Write(&b, "test")
	return b.String()
}

// Every line is a series of the text format, once, and counters have their suffix.
func TestFormat(t *testing.T) {
	r := New("v1 \"quoted\" \\ \n")
	r.Capture(func() live.Stats {
		return live.Stats{Interfaces: []live.InterfaceStats{{Name: "eth1", Packets: 7, KernelDrops: 3, Last: 1_500_000_000}, {Name: "eth2", State: live.Gone}}}
	})
	r.Pipeline(func() pipeline.Result {
		var res pipeline.Result
		res.TCP.StrangeRST, res.TCP.PeakFlows, res.Driver.Panics, res.Shed.MailPackets = 4, 9, 2, 5
		return res
	})
	line := regexp.MustCompile(`^[a-z_][a-z0-9_]*(\{[a-z_]+="([^"\\]|\\.)*"(, ?[A-Za-z_]+="([^"\\]|\\.)*")*\})? -?[0-9.e+-]+$`)
	seen, out := map[string]bool{}, text(r)
	for _, l := range strings.Split(strings.TrimSpace(out), "\n") {
		if strings.HasPrefix(l, "#") {
			continue
		}
		name, _, _ := strings.Cut(l, " ")
		if i := strings.IndexByte(l, '}'); i >= 0 {
			name = l[:i]
		}
		if !line.MatchString(l) || seen[name] {
			t.Errorf("%q", l)
		}
		seen[name] = true
	}
	for _, want := range []string{
		`mailsensor_build_info{version="v1 \"quoted\" \\ \n",go="`,
		"mailsensor_capture_packets_total{interface=\"eth1\"} 7\n",
		"mailsensor_capture_kernel_drops_total{interface=\"eth1\"} 3\n",
		"mailsensor_capture_last_packet_timestamp_seconds{interface=\"eth1\"} 1.5\n",
		"mailsensor_capture_interface_up{interface=\"eth2\"} 0\n",
		"mailsensor_tcp_strange_rst_total 4\n",
		"mailsensor_tcp_peak_flows 9\n",
		"mailsensor_parser_panics_total 2\n",
		"mailsensor_shed_mail_packets_total 5\n",
		"mailsensor_decode_frames_total{result=\"not_tcp\"} 0\n",
		"process_resident_memory_bytes ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
}

// The largest have series, no series shrinks, the sum is that of all, and there are
// no more series than were asked for, whatever the labels.
func TestTop(t *testing.T) {
	r := New("")
	top := r.NewTop("messages_total", "account", 5)
	rng := rand.New(rand.NewPCG(1, 2))
	sample := regexp.MustCompile(`mailsensor_messages_total\{account="([^"]*)"\} (\d+)`)
	last, sum := map[string]uint64{}, uint64(0)
	for range 300 {
		for range 100 {
			who := fmt.Sprintf("small%d", rng.IntN(5000))
			if rng.IntN(3) == 0 {
				who = fmt.Sprintf("large%d", rng.IntN(5))
			}
			top.Add([]byte(who), 1)
			sum++
		}
		now, total := map[string]uint64{}, uint64(0)
		text(r) // in which what is new is 0
		for _, m := range sample.FindAllStringSubmatch(text(r), -1) {
			n, _ := strconv.ParseUint(m[2], 10, 64)
			now[m[1]], total = n, total+n
			if n < last[m[1]] && m[1] == Other {
				t.Fatalf("%s went from %d to %d", m[1], last[m[1]], n)
			}
		}
		if total != sum || len(now) > 6 {
			t.Fatalf("%d series, together %d of %d", len(now), total, sum)
		}
		last = now
	}
	for i := range 5 {
		if last[fmt.Sprintf("large%d", i)] == 0 {
			t.Errorf("large%d has no series: %v", i, last)
		}
	}
	top.Add([]byte(Other), 3)
	if !strings.Contains(text(r), fmt.Sprintf("{account=\"other\"} %d\n", last[Other]+3)) {
		t.Error("a label called other is not other")
	}
}

// With a key no name of traffic is shown, and other stays other.
func TestHashNames(t *testing.T) {
	r := New("")
	r.HashNames([]byte("0123456789abcdef"))
	r.NewTop("messages_total", "account", 1).Add([]byte("ann@corp.example"), 3)
	text(r)
	// printf ann@corp.example | openssl sha256 -hmac 0123456789abcdef
	for _, want := range []string{"{account=\"4c5f0cb1b94f76b2\"} 3\n", "{account=\"other\"} 0\n"} {
		if out := text(r); !strings.Contains(out, want) || strings.Contains(out, "ann@") {
			t.Errorf("no %s in %s", want, out)
		}
	}
}
