package summary

import (
	"cmp"
	"net/netip"
	"slices"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// RemoteAccess is remote access of one kind from one host to another.
type RemoteAccess struct {
	Client      string `json:"client"`
	Server      string `json:"server"`
	Kind        string `json:"kind"`           // ssh, rdp, vnc, anydesk …
	Name        string `json:"name,omitempty"` // by which the last connection was recognised: banner, SNI, cookie
	Connections uint64 `json:"connections"`
	Bytes       uint64 `json:"bytes"` // both ways
	First       Time   `json:"first"`
	Last        Time   `json:"last"`
}

// maxRemote is how many are remembered; the one silent longest is forgotten.
const maxRemote = 4096

type remoteKey struct {
	client, server netip.Addr
	kind           string
}

type remoteUse struct {
	name        []byte
	connections uint64
	bytes       uint64
	first, last int64
}

// remoteAccess notes a connection that was remote access. Of the legs of a proxied
// one only the client's counts.
func (s *Summary) remoteAccess(e *protocols.ConnEnd) {
	if e.Remote == "" || e.Repeat {
		return
	}
	k := remoteKey{e.Client(), e.Conn.Server.Addr(), e.Remote}
	r := s.remote.Get(k)
	if r == nil {
		r = s.remote.Insert(k)
		*r = remoteUse{name: r.name[:0], first: e.Totals.Start}
	}
	if len(e.Service) > 0 {
		r.name = append(r.name[:0], e.Service...)
	}
	r.connections++
	r.bytes += e.Totals.Half[capture.ToServer].Bytes + e.Totals.Half[capture.ToClient].Bytes
	r.first, r.last = min(r.first, e.Totals.Start), max(r.last, e.Totals.Last)
}

func (s *Summary) addRemote(d *Document) {
	d.RemoteAccess = make([]RemoteAccess, 0, s.remote.Len())
	for k, r := range s.remote.All {
		d.RemoteAccess = append(d.RemoteAccess, RemoteAccess{
			Client: k.client.String(), Server: k.server.String(), Kind: k.kind, Name: string(r.name),
			Connections: r.connections, Bytes: r.bytes, First: Time(r.first), Last: Time(r.last),
		})
	}
	slices.SortFunc(d.RemoteAccess, func(a, b RemoteAccess) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Kind, b.Kind))
	})
	d.RemoteEvicted = s.remote.Evicted
}
