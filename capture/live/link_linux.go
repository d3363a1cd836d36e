package live

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"mailsensor/capture"
)

// Link is what the kernel says of an interface (rtnetlink(7)). It is asked by
// netlink and not read from /sys, which shows the interfaces of the network
// namespace that it was mounted in.
type Link struct {
	Name      string
	Index     int
	MTU       int
	Promisc   int // how many have asked for promiscuous mode
	State     State
	Link      capture.LinkType
	Loopback  bool
	Counters  LinkCounters
	supported bool
}

// LinkCounters are the interface's own, since it exists.
type LinkCounters struct {
	Packets, Bytes, Errors, Dropped, Over, Fifo, Missed uint64 // received
}

// lost is what the card or its driver had no room for. rx_dropped is left out: the
// kernel counts there what no protocol wanted, which on a mirror is everything.
func (c *LinkCounters) lost() uint64 { return c.Over + c.Fifo + c.Missed }

// The ARPHRD numbers (linux/if_arp.h) of what is read.
var linkTypes = map[uint16]capture.LinkType{
	unix.ARPHRD_ETHER:    capture.LinkEthernet,
	unix.ARPHRD_LOOPBACK: capture.LinkEthernet,
	unix.ARPHRD_NONE:     capture.LinkRaw, // tun, WireGuard
	unix.ARPHRD_RAWIP:    capture.LinkRaw,
	unix.ARPHRD_TUNNEL:   capture.LinkRaw,
	unix.ARPHRD_SIT:      capture.LinkRaw,
	unix.ARPHRD_IPGRE:    capture.LinkRaw,
}

// Links returns all interfaces.
func Links() ([]Link, error) {
	rib, err := syscall.NetlinkRIB(syscall.RTM_GETLINK, syscall.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("live: list interfaces: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(rib)
	if err != nil {
		return nil, fmt.Errorf("live: list interfaces: %w", err)
	}
	var links []Link
	for i := range messages {
		if m := &messages[i]; m.Header.Type == syscall.RTM_NEWLINK {
			attrs, err := syscall.ParseNetlinkRouteAttr(m)
			if err != nil || len(m.Data) < syscall.SizeofIfInfomsg {
				continue
			}
			links = append(links, link(m.Data, attrs))
		}
	}
	return links, nil
}

// link reads an ifinfomsg and its attributes.
func link(info []byte, attrs []syscall.NetlinkRouteAttr) Link {
	l := Link{Index: int(binary.NativeEndian.Uint32(info[4:]))}
	kind := binary.NativeEndian.Uint16(info[2:])
	l.Link, l.supported = linkTypes[kind]
	l.Loopback = kind == unix.ARPHRD_LOOPBACK
	switch flags := binary.NativeEndian.Uint32(info[8:]); {
	case flags&unix.IFF_UP == 0:
		l.State = Down
	case flags&unix.IFF_RUNNING == 0:
		l.State = NoCarrier
	}
	for _, a := range attrs {
		switch v := a.Value; {
		case a.Attr.Type == unix.IFLA_IFNAME:
			l.Name = strings.TrimRight(string(v), "\x00")
		case a.Attr.Type == unix.IFLA_MTU && len(v) >= 4:
			l.MTU = int(binary.NativeEndian.Uint32(v))
		case a.Attr.Type == unix.IFLA_PROMISCUITY && len(v) >= 4:
			l.Promisc = int(binary.NativeEndian.Uint32(v))
		case a.Attr.Type == unix.IFLA_STATS64:
			l.Counters = linkCounters(v)
		}
	}
	return l
}

// linkCounters reads a struct rtnl_link_stats64 (linux/if_link.h).
func linkCounters(v []byte) LinkCounters {
	at := func(i int) uint64 {
		if len(v) < 8*(i+1) {
			return 0
		}
		return binary.NativeEndian.Uint64(v[8*i:])
	}
	return LinkCounters{Packets: at(0), Bytes: at(2), Errors: at(4), Dropped: at(6), Over: at(11), Fifo: at(14), Missed: at(15)}
}

// FindLink returns the interface of a name, or an error that lists those there are.
func FindLink(name string) (Link, error) {
	links, err := Links()
	if err != nil {
		return Link{}, err
	}
	if l, ok := named(links, name); ok {
		return l, nil
	}
	var names []string
	for _, l := range links {
		names = append(names, l.Name)
	}
	return Link{}, fmt.Errorf("live: there is no interface %s; there are: %s", name, strings.Join(names, ", "))
}

func named(links []Link, name string) (Link, bool) {
	i := slices.IndexFunc(links, func(l Link) bool { return l.Name == name })
	if i < 0 {
		return Link{}, false
	}
	return links[i], true
}
