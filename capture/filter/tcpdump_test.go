package filter

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/gopacket/pcapgo"
	"golang.org/x/net/bpf"

	"mailsensor/capture"
)

// expressions that mean the same to tcpdump.
var expressions = []string{
	"", "ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "not ip", "not not ip6",
	"port 25", "tcp port 25", "udp port 25", "src port 25", "dst port 25", "tcp src port 25", "tcp dst port 143",
	"src or dst port 25", "src and dst port 25", "dst and src port 143", "port 25 or 143 or 587",
	"tcp port 25 or 143", "not tcp port 25 or 143", "port 25 and not 143", "port (25 or 143)", "not port (25 or 143)",
	"port 25 or src port 30 or 20", "portrange 20-30", "tcp portrange 20-143", "src portrange 30-20", "portrange 25",
	"host 10.1.0.1", "src host 10.1.0.1", "dst host 10.1.2.3", "src 10.1.0.1", "src 10.1.0.1 or dst 10.1.2.3",
	"ip host 10.1.2.3", "ip src 10.1.2.3", "arp host 10.1.2.3", "arp src host 10.1.0.1", "rarp host 10.1.0.1", "host 10.1",
	"host 10.1.0.1 or 10.1.2.3", "src and dst host 10.1.0.1", "host 2001:db8::1", "src host 2001:db8::1",
	"ip6 host fe80::1", "ip6 dst 2001:db8::2", "net 2001:db8::/32", "net 2001:db8::/33", "src net 2001:db8:8000::/34", "net ::/0",
	"net 10.1", "net 10", "net 10.0.0.0/8", "net 10.1.2.0/23", "src net 10.1.2.0 mask 255.255.255.0", "net 0.0.0.0/0",
	"dst net 192.168.0.0/16 or 10.2", "tcp and net 10.1 and not host 10.1.2.3", "tcp or udp and port 25",
	"tcp and (port 25 or port 143)", "(tcp port 25 and src net 10) or (udp and not port 30)", "tcp && (port 25 || ! src port 143)",
	"ip proto 6", "ip proto \\tcp", "ip6 proto 6", "ip6 proto 17", "proto 17", "ip proto 0x11", "proto \\udp",
	"less 60", "greater 90", "less 100 and greater 60 and tcp", "port smtp", "port imaps or submission",
	"port 25 or (80 or 143)", "host 10.1.2.3 and (port 25 or 143)", "not (host 10.1.0.1 or tcp port 25)",
}

// expressions for what only Ethernet carries here.
var etherExpressions = []string{
	"vlan", "vlan 5", "not vlan", "vlan and vlan", "vlan 5 and vlan 4", "vlan and tcp port 25", "vlan 5 and host 10.1.0.1",
	"vlan or port 25", "port 25 or (vlan and port 25)", "vlan and ip6 and net 2001:db8::/33", "vlan and arp",
	"mpls", "mpls 7", "mpls and mpls 8", "mpls and ip", "mpls and tcp port 25", "mpls 7 and mpls 8 and net 10.1", "mpls and ip6 host fe80::1",
	"vlan and mpls and tcp", "pppoes", "pppoes 6", "pppoes and tcp port 25", "pppoes and ip6", "vlan and pppoes 7 and src net 10",
	"pppoes and udp or tcp", "ether host 02:00:00:00:00:01", "ether src 02:00:00:00:00:02", "ether dst host 02:00:00:00:01:01 and tcp",
}

func oracle(t *testing.T, expr, link string) *bpf.VM {
	t.Helper()
	out, err := exec.Command("tcpdump", "-y", link, "-ddd", expr).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && bytes.Contains(exit.Stderr, []byte("rejects all packets")) {
		out, err = []byte("1\n6 0 0 0\n"), nil // ARP where only IP can be
	}
	if err != nil {
		t.Fatalf("tcpdump does not take %q for %s: %v", expr, link, err)
	}
	var n int
	r := bytes.NewReader(out)
	fmt.Fscan(r, &n)
	raw := make([]bpf.RawInstruction, n)
	for i := range raw {
		fmt.Fscan(r, &raw[i].Op, &raw[i].Jt, &raw[i].Jf, &raw[i].K)
	}
	code, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("tcpdump's program is not understood")
	}
	vm, err := bpf.NewVM(code)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func agree(t *testing.T, expr string, vm *bpf.VM, p *Program, frame []byte, link capture.LinkType) bool {
	t.Helper()
	want, err := vm.Run(frame)
	if err != nil {
		t.Fatal(err)
	}
	got := p.Match(frame, link)
	if got != (want != 0) {
		t.Fatalf("%q on %x: %v", expr, frame, got)
	}
	return got
}

func TestAsTcpdump(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("tcpdump is not installed")
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range []struct {
		link capture.LinkType
		name string
		expr []string
	}{
		{capture.LinkEthernet, "EN10MB", append(expressions[:len(expressions):len(expressions)], etherExpressions...)},
		{capture.LinkSLL, "LINUX_SLL", expressions},
		{capture.LinkSLL2, "LINUX_SLL2", expressions},
		{capture.LinkPPP, "PPP", expressions},
		{capture.LinkRaw, "RAW", expressions},
	} {
		frames := make([][]byte, 1500)
		for i := range frames {
			frames[i] = randomFrame(t, r, l.link)
		}
		for _, expr := range l.expr {
			p, err := New(expr)
			if err != nil {
				t.Fatalf("%q: %v", expr, err)
			}
			vm, matched := oracle(t, expr, l.name), 0
			for _, frame := range frames {
				if agree(t, expr, vm, p, frame, l.link) {
					matched++
				}
			}
			if matched == 0 && l.link == capture.LinkEthernet {
				t.Errorf("%q matched nothing: the test says little", expr)
			}
		}
	}
}

func TestAsTcpdumpOnCaptures(t *testing.T) {
	dir := os.Getenv("MAILSENSOR_CAPTURES")
	if _, err := exec.LookPath("tcpdump"); err != nil || dir == "" {
		t.Skip("tcpdump is not installed, or MAILSENSOR_CAPTURES does not name a folder of captures")
	}
	exprs := []string{"tcp port 25 or net 10.0.0.0/8", "vlan and port 143", "host 10.20.1.25 and not ip6", "ip6 and tcp", "pppoes and port 143", "mpls and mpls and tcp"}
	for _, name := range []string{"01-smtp-basic", "15b-smtp-frag", "15f-qinq", "15f-vlan", "15g-mpls", "15g-pppoe"} {
		frames := load(t, filepath.Join(dir, name+".pcap"))
		for _, expr := range exprs {
			p, err := New(expr)
			if err != nil {
				t.Fatal(err)
			}
			vm := oracle(t, expr, "EN10MB")
			for _, frame := range frames {
				agree(t, expr, vm, p, frame, capture.LinkEthernet)
			}
		}
	}
}

func load(t *testing.T, name string) (frames [][]byte) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, _, err := r.ReadPacketData()
		if err != nil {
			return frames
		}
		frames = append(frames, data)
	}
}
