package mailbox

import "net/netip"

// makeRoom forgets what was silent longest until the runs of all ledgers are
// within their bound. What was just read stays.
func (t *Tracker) makeRoom() {
	for again := true; again && t.runs > t.limits.Runs; {
		again = false
		if t.selections.Len() > 1 {
			t.forgetSelection(t.selections.Oldest())
			t.selections.Evict()
			again = true
		}
		if t.hosts.Len() > 1 {
			t.forgetHost(t.hosts.Oldest())
			t.hosts.Evict()
			again = true
		}
		if t.boxes.Len() > 1 {
			t.forgetBox(t.boxes.Oldest())
			t.boxes.Evict()
			again = true
		}
	}
}

// forgetBox does what is due before a mailbox is evicted. What its clients read
// is no longer found, and ages on its own.
func (t *Tracker) forgetBox(_ string, b *box) {
	if t.Forgot != nil {
		t.Forgot(b.account, netip.Addr{})
	}
	t.shed(&b.all.book)
	b.serial = 0
}

func (t *Tracker) forgetHost(k hostKey, v *view) {
	if t.Forgot != nil && v.live() {
		t.Forgot(v.box.account, k.client)
	}
	t.shed(&v.book)
}

func (t *Tracker) forgetSelection(_ uint64, s *selection) {
	if s.box.serial == s.owner {
		s.box.blurred = true
	}
	t.shed(&s.book)
}

// shed empties a ledger; one that grew large gives its memory back.
func (t *Tracker) shed(bk *book) {
	t.runs -= len(bk.runs)
	bk.reset()
}
