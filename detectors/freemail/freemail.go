// Package freemail knows the domains at which anybody can have a mailbox without
// being asked who he is: where mail goes that nobody is to find, and what looks like
// somebody's own address there. The list is of
// the large providers, by their own documentation; it is not complete.
package freemail

import (
	"bytes"
	"strings"
)

// Domain reports whether domain, in lower case, is one of a free mail provider.
func Domain(domain []byte) bool {
	if domains[string(domain)] {
		return true
	}
	name, rest, ok := bytes.Cut(domain, []byte{'.'})
	return ok && families[string(name)] && len(rest) > 0 && len(rest) <= len("com.br") && bytes.Count(rest, []byte{'.'}) <= 1
}

// Address is Domain for the domain of an address, in lower case.
func Address[T ~string | ~[]byte](address T) bool {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return Domain([]byte(address[i+1:]))
		}
	}
	return Domain([]byte(address))
}

// Own reports whether an address looks like that of an account's owner at another
// provider: most of its name stands in it, the parts of its name in another order
// (ann.miller, millerann), or the last with the initial of the first (amiller). Both are
// in lower case.
func Own[T ~string | ~[]byte](account string, address T) bool {
	var room [2][64]byte
	a, b := letters(room[0][:0], account), letters(room[1][:0], address)
	return len(a) >= 4 && (bytes.Contains(b, a) || len(b) >= 5 && bytes.Contains(a, b) || parts(account, b))
}

// parts reports whether b is made of the parts of the account's name.
func parts(account string, b []byte) bool {
	local, _, _ := strings.Cut(account, "@")
	first, last := "", ""
	for rest := local; rest != ""; {
		n := 0
		for n < len(rest) && rest[n] >= 'a' && rest[n] <= 'z' {
			n++
		}
		if part := rest[:n]; n > 1 {
			if first == "" {
				first = part
			}
			last = part
		}
		rest = rest[min(n+1, len(rest)):]
	}
	if first == last || len(last) < 3 {
		return false
	}
	if i := bytes.Index(b, []byte(last)); len(first) >= 3 && i >= 0 &&
		(bytes.Contains(b[:i], []byte(first)) || bytes.Contains(b[i+len(last):], []byte(first))) {
		return true
	}
	return len(last) >= 4 && (string(b) == first[:1]+last || string(b) == last+first[:1])
}

// letters appends those of a local part, without digits and dots.
func letters[T ~string | ~[]byte](dst []byte, address T) []byte {
	for i := range len(address) {
		c := address[i]
		if c == '@' {
			break
		}
		if c >= 'a' && c <= 'z' {
			dst = append(dst, c)
		}
	}
	return dst
}

// families have one domain for each country: yahoo.de, yahoo.co.uk.
var families = map[string]bool{"yahoo": true, "ymail": true, "hotmail": true, "live": true, "outlook": true, "gmx": true, "yandex": true}

var domains = map[string]bool{
	"gmail.com": true, "googlemail.com": true, "msn.com": true, "passport.com": true, "rocketmail.com": true,
	"icloud.com": true, "me.com": true, "mac.com": true, "aol.com": true, "aim.com": true,
	"proton.me": true, "protonmail.com": true, "protonmail.ch": true, "pm.me": true,
	"tutanota.com": true, "tutanota.de": true, "tuta.io": true, "tuta.com": true, "tutamail.com": true, "keemail.me": true,
	"web.de": true, "freenet.de": true, "t-online.de": true, "mail.de": true, "posteo.de": true, "mailbox.org": true,
	"mail.com": true, "email.com": true, "usa.com": true, "fastmail.com": true, "fastmail.fm": true, "hushmail.com": true,
	"zoho.com": true, "zohomail.com": true, "zohomail.eu": true, "inbox.com": true, "inbox.lv": true,
	"mail.ru": true, "bk.ru": true, "list.ru": true, "inbox.ru": true, "internet.ru": true, "rambler.ru": true, "ya.ru": true,
	"qq.com": true, "foxmail.com": true, "163.com": true, "126.com": true, "yeah.net": true, "sina.com": true, "sina.cn": true,
	"sohu.com": true, "aliyun.com": true, "naver.com": true, "daum.net": true, "hanmail.net": true, "rediffmail.com": true,
	"orange.fr": true, "wanadoo.fr": true, "free.fr": true, "laposte.net": true, "sfr.fr": true,
	"libero.it": true, "virgilio.it": true, "tiscali.it": true, "alice.it": true, "seznam.cz": true, "wp.pl": true, "o2.pl": true,
	"onet.pl": true, "interia.pl": true, "uol.com.br": true, "bol.com.br": true, "terra.com.br": true, "cock.li": true, "dispostable.com": true,
	"guerrillamail.com": true, "mailinator.com": true, "yopmail.com": true, "10minutemail.com": true, "temp-mail.org": true,
}
