package habits

import (
	"net/netip"
	"strconv"

	"mailsensor/detectors/baseline"
	"mailsensor/detectors/inside"
	"mailsensor/protocols"
)

// message counts a transaction: for the client, or its network where it is not ours;
// for the account; for a sender of ours, where that is another, and its domain; for the server and its
// network.
func (t *Tracker) message(e *protocols.Message) {
	if e.Protocol == "http" { // a mail API was asked to send it; SMTP carries it from there
		return
	}
	_, out := t.border.Recipients(e)
	count := func(x baseline.Entity, all bool) {
		x.Add(baseline.MessagesSent, 1)
		if e.Outcome == protocols.Accepted {
			x.Add(baseline.BytesSent, float64(e.Size))
			if all {
				x.Add(baseline.MessagesAccepted, 1)
			}
		}
		x.Add(baseline.OutsideRecipients, float64(out))
		if all {
			x.Add(baseline.Recipients, float64(e.RecipientsAccepted))
		}
	}
	client, server := e.Client(), e.Server()
	who := "" // sent it
	if account := t.account(e.Account); len(account) > 0 {
		x := t.engine.Entity(baseline.Account, account, e.Time)
		who = x.Name()
		count(x, true)
	}
	if sender, ok := t.sender(e); ok {
		first := t.firstHop(e, sender)
		if string(sender) != who {
			if x, ok := t.named(baseline.Sender, sender, e.Time); ok {
				if who == "" {
					who = x.Name()
				}
				if first {
					count(x, false)
				}
			}
		}
		if first {
			if x, ok := t.named(baseline.Domain, domainOf(sender), e.Time); ok {
				count(x, false)
			}
		}
	}
	if t.border.Address(client) {
		h := t.host(client)
		h.worksFor(who, e.Time)
		h.trace = t.note(h.trace, h.id, &e.Head)
		if who != "" {
			p := t.person(who)
			p.worksAt(h.id)
			p.trace = t.note(p.trace, p.id, &e.Head)
		}
		x := t.client(h, client, e.Time)
		count(x, true)
		if !t.border.Address(server) && t.once.add(h.id, baseline.OutsideServers, addressID(server)) {
			x.Add(baseline.OutsideServers, 1)
		}
	} else {
		if who != "" {
			p := t.person(who)
			p.trace = t.note(p.trace, p.id, &e.Head)
		}
		count(t.network(client, e.Time), false)
	}
	count(t.address(baseline.Server, server, e.Time), false)
	if t.border.Address(server) {
		t.takesMail(server)
	} else {
		count(t.network(server, e.Time), false)
	}
}

// firstHop reports whether a message was not seen within the hour: a relay says again
// what its client said.
func (t *Tracker) firstHop(e *protocols.Message, sender []byte) bool {
	id := e.Facts.MessageID
	return len(id) == 0 || t.once.add(protocols.NameID(sender), baseline.MessagesSent, protocols.NameID(id))
}

// login counts an exchange. Who failed to log in as an account that was never seen
// made it up.
func (t *Tracker) login(e *protocols.Login) {
	raw := e.AuthorizeAs
	if len(raw) == 0 {
		raw = e.User
	}
	if len(raw) == 0 {
		raw = e.Account
	}
	var metric baseline.Metric
	switch e.Outcome {
	case protocols.Accepted:
		metric = baseline.Logins
	case protocols.Rejected, protocols.Unfinished:
		metric = baseline.LoginFailures
	default:
		return
	}
	account, client := t.account(raw), e.Client()
	known := len(account) > 0 && (e.Outcome == protocols.Accepted || t.engine.Knows(baseline.Account, account))
	if known {
		x := t.engine.Entity(baseline.Account, account, e.Time)
		x.Add(metric, 1)
		t.note(nil, protocols.NameID(account)^mix(uint64(Entering)), &e.Head)
		if e.Outcome == protocols.Accepted && t.once.add(protocols.NameID(account), baseline.Hosts, addressID(client)) {
			x.Add(baseline.Hosts, 1)
		}
	}
	if t.border.Address(client) {
		h := t.host(client)
		x := t.client(h, client, e.Time)
		x.Add(metric, 1)
		t.note(nil, h.id^mix(uint64(Entering)), &e.Head)
		if known {
			id := protocols.NameID(account)
			if e.Outcome == protocols.Accepted {
				h.isUsedBy(id, t.config.SharedAccounts, e.Time)
			}
			if t.once.add(h.id, baseline.Accounts, id) {
				x.Add(baseline.Accounts, 1)
			}
		}
	} else {
		t.network(client, e.Time).Add(metric, 1)
	}
	t.address(baseline.Server, e.Server(), e.Time).Add(metric, 1)
}

// tlsUse counts what was probably downloaded in TLS.
func (t *Tracker) tlsUse(e *protocols.TLSUse) {
	if e.Bytes == 0 {
		return
	}
	if client := e.Client(); t.border.Address(client) {
		t.client(t.host(client), client, e.Time).Add(baseline.TLSBytes, float64(e.Bytes))
	} else {
		t.network(client, e.Time).Add(baseline.TLSBytes, float64(e.Bytes))
	}
	t.address(baseline.Server, e.Server(), e.Time).Add(baseline.TLSBytes, float64(e.Bytes))
}

// account is the one name of an account, in scratch.
func (t *Tracker) account(raw []byte) []byte {
	if len(raw) == 0 {
		return nil
	}
	t.name = t.border.Account(raw, t.name)
	return t.name
}

// sender is the envelope sender of a message, in scratch, where it is one of ours.
func (t *Tracker) sender(e *protocols.Message) ([]byte, bool) {
	if e.NullSender || len(e.From) == 0 {
		return nil, false
	}
	t.name = inside.AppendLower(t.name[:0], e.From)
	if len(e.Account) > 0 {
		return t.name, true
	}
	ours, _ := t.border.Mailbox(t.name)
	return t.name, ours
}

func domainOf(address []byte) []byte {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[i+1:]
		}
	}
	return nil
}

// named is an entity whose name a client chose.
func (t *Tracker) named(k baseline.Kind, name []byte, now int64) (x baseline.Entity, ok bool) {
	if len(name) == 0 {
		return x, false
	}
	if !t.engine.Knows(k, name) {
		if t.fresh == maxNames {
			t.Refused++
			return x, false
		}
		t.fresh++
	}
	return t.engine.Entity(k, name, now), true
}

// client is a host of ours. One that one person uses is no peer of those that serve
// many: they are far steadier.
func (t *Tracker) client(h *host, a netip.Addr, now int64) baseline.Entity {
	x := t.address(baseline.Host, a, now)
	x.Apart(h.sole())
	return x
}

// address is a host or a server.
func (t *Tracker) address(k baseline.Kind, a netip.Addr, now int64) baseline.Entity {
	t.text = a.Unmap().WithZone("").AppendTo(t.text[:0])
	return t.engine.Entity(k, t.text, now)
}

// network is who announces an address, or where that is not known, its prefix: 24
// bits, of IPv6 48.
func (t *Tracker) network(a netip.Addr, now int64) baseline.Entity {
	a = a.Unmap().WithZone("")
	t.text = t.text[:0]
	if t.places != nil {
		if asn, _ := t.places.Network(a); asn != 0 {
			t.text = strconv.AppendUint(append(t.text, "AS"...), uint64(asn), 10)
		}
	}
	if len(t.text) == 0 {
		bits := 24
		if a.Is6() {
			bits = 48
		}
		if p, err := a.Prefix(bits); err == nil {
			t.text = p.AppendTo(t.text)
		}
	}
	return t.engine.Entity(baseline.Network, t.text, now)
}

// addressID is a hash of an address.
func addressID(a netip.Addr) uint64 {
	b := a.As16()
	return protocols.NameID(b[:])
}
