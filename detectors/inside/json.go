package inside

import (
	"strconv"

	"mailsensor/protocols"
)

// AppendJSON is protocols.AppendJSON, and says of a message how many of its
// recipients are inside and outside.
func (b *Border) AppendJSON(dst []byte, ev protocols.Event) []byte {
	dst = protocols.AppendJSON(dst, ev)
	m, ok := ev.(*protocols.Message)
	if !ok {
		return dst
	}
	in, out := b.Recipients(m)
	dst = append(dst[:len(dst)-1], `,"recipients_inside":`...)
	dst = strconv.AppendUint(dst, in, 10)
	dst = append(dst, `,"recipients_outside":`...)
	return append(strconv.AppendUint(dst, out, 10), '}')
}
