package sasl

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// The AUTHENTICATE_MESSAGE of MS-NLMP, section 2.2.1.3: a signature, the type,
// then descriptions (length, allocated, offset) of the fields behind it.
const (
	ntlmType        = 8
	ntlmDomain      = 28
	ntlmUser        = 36
	ntlmWorkstation = 44
	ntlmFlags       = 60
	ntlmUnicode     = 1 // NTLMSSP_NEGOTIATE_UNICODE
)

// ntlm reads the third message. SPNEGO wraps it; then it stands somewhere
// inside.
func (e *Exchange) ntlm(msg []byte) {
	i := bytes.Index(msg, []byte("NTLMSSP\x00"))
	if i < 0 {
		return
	}
	if msg = msg[i:]; len(msg) < ntlmFlags || binary.LittleEndian.Uint32(msg[ntlmType:]) != 3 {
		return
	}
	wide := len(msg) < ntlmFlags+4 || binary.LittleEndian.Uint32(msg[ntlmFlags:])&ntlmUnicode != 0
	ntlmField(&e.user, msg, ntlmUser, wide)
	ntlmField(&e.domain, msg, ntlmDomain, wide)
	ntlmField(&e.workstation, msg, ntlmWorkstation, wide)
}

// ntlmField copies the field whose description stands at i.
func ntlmField(dst *[]byte, msg []byte, i int, wide bool) {
	n := uint64(binary.LittleEndian.Uint16(msg[i:]))
	at := uint64(binary.LittleEndian.Uint32(msg[i+4:]))
	if at+n > uint64(len(msg)) {
		return
	}
	field := msg[at : at+n]
	if !wide {
		keep(dst, field)
		return
	}
	*dst = (*dst)[:0]
	for len(field) >= 2 && len(*dst) < maxIdentity {
		r := rune(binary.LittleEndian.Uint16(field))
		field = field[2:]
		if utf16.IsSurrogate(r) && len(field) >= 2 {
			r = utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(field)))
			field = field[2:]
		}
		*dst = utf8.AppendRune(*dst, r)
	}
}
