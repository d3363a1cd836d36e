package baseline

import (
	"strings"
	"unsafe"
)

// Entity is one that was asked for by name, for several observations at one time. It
// is good until the next is asked for.
type Entity struct {
	engine *Engine
	entity *entity
	time   int64
}

// Entity finds an entity, or makes room for it. It does not keep name.
func (e *Engine) Entity(k Kind, name []byte, t int64) Entity {
	e.Tick(t)
	ent := e.entities.Get(key{k, unsafe.String(unsafe.SliceData(name), len(name))}) // a look-up keeps nothing of its key
	if ent == nil {
		ent = e.insert(key{k, e.names.keep(name)})
	}
	return Entity{e, ent, t}
}

// store makes strings, some with one allocation. The last of them to be forgotten keeps
// the memory of its neighbours, so it is not many.
type store struct{ strings.Builder }

const storeSize = 512

func (s *store) keep(b []byte) string {
	if s.Cap()-s.Len() < len(b) {
		s.Reset()
		s.Grow(max(storeSize, len(b)))
	}
	n := s.Len()
	s.Write(b)
	return s.String()[n:]
}

// Name is the entity's own copy of its name.
func (x Entity) Name() string { return x.entity.key.name }

// Add is Observe for this entity, at the time it was asked for.
func (x Entity) Add(m Metric, n float64) {
	if n > 0 {
		x.engine.count(x.entity, m, x.time, n)
	}
}

// Apart says whether an entity is to be left out of what its group learns, because it
// is of another sort than its kind tells. It is judged as before.
func (x Entity) Apart(apart bool) { x.entity.apart = apart }

// Knows reports whether an entity is known, without making it one that was just seen.
func (e *Engine) Knows(k Kind, name []byte) bool {
	return e.entities.Peek(key{k, unsafe.String(unsafe.SliceData(name), len(name))}) != nil
}
