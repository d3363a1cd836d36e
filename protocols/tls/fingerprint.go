package tls

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// fingerprint makes JA3 (salesforce/ja3, README) and JA4 (FoxIO,
// technical_details/JA4.md; the client's alone is free of the JA4+ licence).
// Neither counts values of GREASE.
func (c *client) fingerprint(o *offer) {
	c.fingerprinted = true
	buf := make([]byte, 0, 1024)
	sum := md5.Sum(o.ja3(buf))
	hex.Encode(c.ja3[:], sum[:])
	c.ja4 = o.ja4(buf)
}

// ja3 is the version of the hello, its ciphers, extensions, groups and point
// formats, as decimal numbers in the order they were sent.
func (o *offer) ja3(b []byte) []byte {
	b = strconv.AppendUint(b, uint64(o.legacy), 10)
	for _, list := range [...][]uint16{o.ciphers, o.extensions, o.groups} {
		b = append(b, ',')
		for i, v := range list {
			if i > 0 {
				b = append(b, '-')
			}
			b = strconv.AppendUint(b, uint64(v), 10)
		}
	}
	b = append(b, ',')
	for i, v := range o.formats {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(v), 10)
	}
	return b
}

// ja4 is, in three parts: version, SNI, counts and ALPN; a hash of the sorted
// ciphers; one of the sorted extensions and the signature algorithms as sent.
func (o *offer) ja4(b []byte) (out [36]byte) {
	a := append(out[:0], 't')
	a = append(a, versionName(o.version)...)
	if o.name {
		a = append(a, 'd')
	} else {
		a = append(a, 'i')
	}
	a = append(twoDigits(twoDigits(a, len(o.ciphers)), len(o.extensions)), firstLast(o.alpn)...)
	a = append(a, '_')
	a = hash(a, hexList(b[:0], sorted(o.ciphers)))
	a = append(a, '_')
	rest := slices.DeleteFunc(sorted(o.extensions), func(v uint16) bool { return v == extServerName || v == extALPN })
	list := hexList(b[:0], rest)
	if len(o.signatures) > 0 && len(list) > 0 {
		list = hexList(append(list, '_'), o.signatures)
	}
	hash(a, list)
	return out
}

func sorted(list []uint16) []uint16 {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func versionName(v uint16) string {
	switch v {
	case tls13:
		return "13"
	case tls12:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	case 0x0002:
		return "s2"
	}
	return "00"
}

func twoDigits(b []byte, n int) []byte {
	n = min(n, 99)
	return append(b, '0'+byte(n/10), '0'+byte(n%10))
}

// firstLast is the first and the last character of the first ALPN value, of its
// hexadecimal form where one of them is no letter or digit.
func firstLast(name []byte) []byte {
	if len(name) == 0 {
		return []byte("00")
	}
	first, last := name[0], name[len(name)-1]
	if isAlnum(first) && isAlnum(last) {
		return []byte{first, last}
	}
	const digits = "0123456789abcdef"
	return []byte{digits[first>>4], digits[last&15]}
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func hexList(b []byte, list []uint16) []byte {
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = hex.AppendEncode(b, []byte{byte(v >> 8), byte(v)})
	}
	return b
}

// hash appends the first twelve digits of the SHA-256 of list, zeros for none.
func hash(b, list []byte) []byte {
	if len(list) == 0 {
		return append(b, "000000000000"...)
	}
	sum := sha256.Sum256(list)
	return hex.AppendEncode(b, sum[:6])
}
