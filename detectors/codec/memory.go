package codec

// Tables are those of a detector whose bound can be lowered. A detector embeds it, and
// is a detectors.Limited then; Load keeps the bound.
type Tables struct {
	list   []interface{ Within(max int) }
	within int // 0: no bound was lowered
}

// Bounded returns Tables of tables.
func Bounded(tables ...interface{ Within(max int) }) Tables { return Tables{list: tables} }

// Within has each table hold so many entities at most; it never raises a bound.
func (t *Tables) Within(entities int) {
	if t.within == 0 || entities < t.within {
		t.within = entities
	}
	for _, table := range t.list {
		table.Within(entities)
	}
}

func (t *Tables) tables() *Tables { return t }

// Format is whose state it is, and the versions of it that can be read.
type Format struct {
	Name    string
	Version uint16
	Oldest  uint16 // 0: none but Version
}

// Seal is the function Seal.
func (f Format) Seal(dst []byte, body func(b []byte) []byte) ([]byte, error) {
	return Seal(dst, f.Name, f.Version, body), nil
}

// Load replaces dst by fresh, which is blank but for its settings, once read has read
// into it all that Seal wrote. After an error dst is what it was.
func Load[T any](dst, fresh *T, f Format, src []byte, read func(r *Reader)) error {
	oldest := f.Oldest
	if oldest == 0 {
		oldest = f.Version
	}
	r, err := OpenSince(src, f.Name, oldest, f.Version)
	if err != nil {
		return err
	}
	if old, ok := any(dst).(interface{ tables() *Tables }); ok && old.tables().within > 0 {
		any(fresh).(interface{ tables() *Tables }).tables().Within(old.tables().within)
	}
	read(r)
	if err := r.Close(); err != nil {
		return err
	}
	*dst = *fresh
	return nil
}
