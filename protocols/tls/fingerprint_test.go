package tls

import (
	"crypto/md5"
	"fmt"
	"testing"
)

// The examples that the authors publish: salesforce/ja3, README; FoxIO ja4,
// technical_details/JA4.md.
func TestPublishedFingerprints(t *testing.T) {
	o := offer{legacy: 769, ciphers: []uint16{47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4}, extensions: []uint16{0, 10, 11}, groups: []uint16{23, 24, 25}, formats: []byte{0}}
	if got := fmt.Sprintf("%x", md5.Sum(o.ja3(nil))); got != "ada70206e40642a3e4461f35503241d5" {
		t.Errorf("JA3 %s of %s", got, o.ja3(nil))
	}
	if got := string((&offer{legacy: 769, ciphers: []uint16{4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}}).ja3(nil)); got != "769,4-5-10-9-100-98-3-6-19-18-99,,," {
		t.Errorf("JA3 without extensions of %s", got)
	}
	o = offer{
		version: 0x0304, name: true, alpn: []byte("h2"),
		ciphers:    []uint16{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
		extensions: []uint16{0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015},
		signatures: []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601},
	}
	ja4 := func(o *offer) string { out := o.ja4(nil); return string(out[:]) }
	if got := ja4(&o); got != "t13d1516h2_8daaf6152771_e5627efa2ab1" {
		t.Errorf("JA4 %s", got)
	}
	if got := ja4(&offer{version: 0x0301}); got != "t10i000000_000000000000_000000000000" {
		t.Errorf("JA4 of nothing %s", got)
	}
	for name, want := range map[string]string{"http/1.1": "h1", "\xab": "ab", "\xab\xcd": "ad", "0\xab": "3b", "h": "hh", "": "00"} {
		if got := string(firstLast([]byte(name))); got != want {
			t.Errorf("ALPN %q: %s, want %s", name, got, want)
		}
	}
}

func TestGREASE(t *testing.T) {
	for v, want := range map[uint16]bool{0x0a0a: true, 0x1a1a: true, 0xfafa: true, 0x0a1a: false, 0x1301: false, 0x0a0b: false} {
		if isGREASE(v) != want {
			t.Errorf("%#x", v)
		}
	}
}
