package tcp

// list is an intrusive list of flows in the order of their stamps.
type list struct {
	head, tail uint32
	n          int
}

func (t *Table) pushBack(l *list, i uint32) {
	f := t.flow(i)
	f.prev, f.next = l.tail, 0
	if l.tail != 0 {
		t.flow(l.tail).next = i
	} else {
		l.head = i
	}
	l.tail = i
	l.n++
}

func (t *Table) unlink(l *list, i uint32) {
	f := t.flow(i)
	if f.prev != 0 {
		t.flow(f.prev).next = f.next
	} else {
		l.head = f.next
	}
	if f.next != 0 {
		t.flow(f.next).prev = f.prev
	} else {
		l.tail = f.prev
	}
	l.n--
}

// touch moves an active flow to the young end of its list. It is called once in
// touchEvery a flow, so the order is that coarse, and costs nothing a packet.
// Half-open and closed flows keep the place of their first packet there.
func (t *Table) touch(i uint32, f *flow) {
	if f.state != open {
		return
	}
	t.unlink(&t.lists[open], i)
	f.stamp = t.now
	t.pushBack(&t.lists[open], i)
}

// move gives the flow another state.
func (t *Table) move(i uint32, f *flow, st state) {
	t.unlink(&t.lists[f.state], i)
	f.state, f.stamp = st, t.now
	t.pushBack(&t.lists[st], i)
}

func (t *Table) startWaiting(i uint32, f *flow) {
	f.wstamp = t.now
	f.wprev, f.wnext = t.waiting.tail, 0
	if t.waiting.tail != 0 {
		t.flow(t.waiting.tail).wnext = i
	} else {
		t.waiting.head = i
	}
	t.waiting.tail = i
	t.waiting.n++
}

func (t *Table) stopWaiting(f *flow) {
	if f.wprev != 0 {
		t.flow(f.wprev).wnext = f.wnext
	} else {
		t.waiting.head = f.wnext
	}
	if f.wnext != 0 {
		t.flow(f.wnext).wprev = f.wprev
	} else {
		t.waiting.tail = f.wprev
	}
	t.waiting.n--
}
