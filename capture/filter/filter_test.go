package filter

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"golang.org/x/net/bpf"

	"mailsensor/capture"
)

// facts is what gopacket reads in an untagged frame.
type facts struct {
	src, dst         string
	proto            string
	srcPort, dstPort uint16
	size             int
}

func read(frame []byte) (f facts) {
	p := gopacket.NewPacket(frame, layers.LinkTypeEthernet, gopacket.NoCopy)
	f.size = len(frame)
	if n := p.NetworkLayer(); n != nil {
		f.src, f.dst = n.NetworkFlow().Src().String(), n.NetworkFlow().Dst().String()
	}
	if l, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP); ok {
		f.proto, f.srcPort, f.dstPort = "tcp", uint16(l.SrcPort), uint16(l.DstPort)
	}
	if l, ok := p.Layer(layers.LayerTypeUDP).(*layers.UDP); ok {
		f.proto, f.srcPort, f.dstPort = "udp", uint16(l.SrcPort), uint16(l.DstPort)
	}
	return f
}

func (f facts) port(n uint16) bool { return f.proto != "" && (f.srcPort == n || f.dstPort == n) }

func (f facts) either(test func(string) bool) bool { return test(f.src) || test(f.dst) }

// The meaning of expressions, without libpcap's help, on plain packets.
func TestMeaning(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	frames := make([][]byte, 0, 1000)
	for len(frames) < cap(frames) {
		frame := randomFrame(t, r, capture.LinkEthernet)
		if len(frame) < 74 || strings.Contains("\x81\x00\x88\xa8\x91\x00\x88\x47\x88\x64\x08\x06\x80\x35", string(frame[12:14])) ||
			frame[12] == 8 && (frame[20]|frame[21] != 0 || frame[23] == 132) || frame[12] == 0x86 && (frame[20] == 44 || frame[20] == 132) {
			continue
		}
		frames = append(frames, frame)
	}
	for expr, want := range map[string]func(f facts) bool{
		"tcp port 25":                   func(f facts) bool { return f.proto == "tcp" && f.port(25) },
		"port 25 or 143":                func(f facts) bool { return f.port(25) || f.port(143) },
		"udp src port 25":               func(f facts) bool { return f.proto == "udp" && f.srcPort == 25 },
		"src and dst port 25":           func(f facts) bool { return f.srcPort == 25 && f.dstPort == 25 },
		"tcp portrange 20-30":           func(f facts) bool { return f.proto == "tcp" && (in(f.srcPort) || in(f.dstPort)) },
		"net 10.1":                      func(f facts) bool { return f.either(func(a string) bool { return strings.HasPrefix(a, "10.1.") }) },
		"dst host fe80::1":              func(f facts) bool { return f.dst == "fe80::1" },
		"not host 10.1.0.1 and port 25": func(f facts) bool { return f.src != "10.1.0.1" && f.dst != "10.1.0.1" && f.port(25) },
		"greater 90 or port 993":        func(f facts) bool { return f.size >= 90 || f.port(993) },
		"port 25 or 143 and tcp":        func(f facts) bool { return (f.port(25) || f.port(143)) && f.proto == "tcp" },
	} {
		p, err := New(expr)
		if err != nil {
			t.Fatal(err)
		}
		for _, frame := range frames {
			if f := read(frame); p.Match(frame, capture.LinkEthernet) != want(f) {
				t.Fatalf("%q on %+v: %x", expr, f, frame)
			}
		}
	}
}

func in(n uint16) bool { return n >= 20 && n <= 30 }

func TestErrors(t *testing.T) {
	for expr, want := range map[string]string{
		"tcp port 25 or mailhost":   "character 16: 'mailhost' is no port",
		"host mail.example.org":     "character 6: 'mail.example.org' is no address, and names are not looked up",
		"foo":                       "character 1: 'foo' is not a word",
		"tcp port":                  "character 9: the expression ends too early",
		"(tcp":                      "character 5: the expression ends too early",
		"tcp)":                      "character 4: unexpected ')'",
		"port 25 143":               "character 9: unexpected '143'",
		"port 70000":                "'70000' is no port",
		"icmp port 25":              "which 'icmp' does not have",
		"tcp host 10.0.0.1":         "cannot be looked for in 'tcp'",
		"ip host ::1":               "cannot be looked for in 'ip'",
		"net 10.1.2.3/8":            "has bits behind its mask",
		"net 10.0.0.0/33":           "has no length from 0 to 32",
		"net 2001:db8::1/32":        "has bits behind its length",
		"host 10.0.0.0/8":           "is a network; write 'net'",
		"net 10.0.0.0 mask 255":     "'255' is no mask",
		"vlan 5000":                 "is no number for 'vlan'",
		"mpls and vlan":             "'vlan' cannot follow 'mpls'",
		"less x":                    "'x' is no length",
		"tcp[13] & 2 != 0":          "character 4: unexpected '['",
		"ip proto 300":              "is no IP protocol",
		"tcp or 25":                 "character 8: '25' is not a word",
		"ether host 1:2":            "is no Ethernet address",
		strings.Repeat("(", 100):    "nested too deeply",
		strings.Repeat("not ", 100): "nested too deeply",
		strings.Repeat("x", 1<<15):  "too long",
		"tcp" + strings.Repeat(" or port 1", 1200): "instructions",
	} {
		_, err := New(expr)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %s", expr, err, want)
		}
	}
}

// A long expression needs jumps further than a conditional one reaches.
func TestLongExpression(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	long := "host 1.1.1.1" + strings.Repeat(" or 1.2.3.4", 150) + " or port 25"
	a, err := New(long)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := New("not (" + long + ")")
	c, _ := New("port 25")
	for range 500 {
		frame := randomFrame(t, r, capture.LinkEthernet)
		want := c.Match(frame, capture.LinkEthernet)
		if a.Match(frame, capture.LinkEthernet) != want {
			t.Fatalf("not as the short one: %x", frame)
		}
		if len(frame) > 80 && b.Match(frame, capture.LinkEthernet) == want {
			t.Fatalf("its opposite is the same: %x", frame)
		}
	}
}

// One Program serves frames of several link types.
func TestSeveralLinkTypes(t *testing.T) {
	ip := make([]byte, 40)
	ip[0], ip[9], ip[21], ip[23] = 0x45, protoTCP, 25, 99
	frames := map[capture.LinkType][]byte{
		capture.LinkEthernet: append(append(make([]byte, 12), 8, 0), ip...),
		capture.LinkSLL:      append(append(make([]byte, 14), 8, 0), ip...),
		capture.LinkNull:     append([]byte{2, 0, 0, 0}, ip...),
		capture.LinkLoop:     append([]byte{0, 0, 0, 2}, ip...),
		capture.LinkPPPoE:    append([]byte{0x11, 0, 0, 1, 0, 42, 0, 0x21}, ip...),
		capture.LinkRawBSD:   ip,
		capture.LinkIPv4:     ip,
	}
	p, err := New("tcp port 25 and not vlan")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for link, frame := range frames {
			if !p.Match(frame, link) || p.Match(frame[:len(frame)-20], link) {
				t.Errorf("link type %d", link)
			}
		}
	}
	if p.Match(ip, 105) {
		t.Error("a link type that is not supported matches")
	}
	if _, err := Compile("tcp", 105); err == nil {
		t.Error("no error for a link type that is not supported")
	}
}

var links = []capture.LinkType{capture.LinkEthernet, capture.LinkNull, capture.LinkPPP, capture.LinkPPPoE, capture.LinkRaw,
	capture.LinkLoop, capture.LinkSLL, capture.LinkSLL2, capture.LinkIPv4, capture.LinkIPv6}

func valid(t *testing.T, expr string) {
	t.Helper()
	for _, link := range links {
		code, err := Compile(expr, link)
		if err != nil {
			t.Fatalf("%q compiles for Ethernet and not for %d: %v", expr, link, err)
		}
		if _, err := bpf.NewVM(code); err != nil {
			t.Fatalf("%q: %v", expr, err)
		}
		if _, err := bpf.Assemble(code); err != nil {
			t.Fatalf("%q: %v", expr, err)
		}
	}
}

func TestEveryProgramRuns(t *testing.T) {
	for _, expr := range append(expressions[:len(expressions):len(expressions)], etherExpressions...) {
		valid(t, expr)
	}
}

// Whatever the expression, compiling does not panic, and what compiles runs.
func FuzzCompile(f *testing.F) {
	for _, expr := range append(expressions[:len(expressions):len(expressions)], etherExpressions...) {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if _, err := New(expr); err == nil {
			valid(t, expr)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	p, _ := New("tcp port 25 or net 192.168.0.0/16")
	ip := make([]byte, 40)
	ip[0], ip[9], ip[21], ip[23] = 0x45, protoTCP, 25, 99
	frame := append(append(make([]byte, 12), 8, 0), ip...)
	b.ReportAllocs()
	for b.Loop() {
		p.Match(frame, capture.LinkEthernet)
	}
}

func TestNoAllocation(t *testing.T) {
	p, _ := New("tcp port 25 or net 192.168.0.0/16")
	frame := make([]byte, 60)
	if n := testing.AllocsPerRun(100, func() { p.Match(frame, capture.LinkEthernet) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
