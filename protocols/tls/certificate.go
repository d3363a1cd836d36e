package tls

import (
	"crypto/sha256"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"mailsensor/protocols"
)

// Bounds of what is told of a chain.
const (
	maxCertificates = 4
	maxNames        = 16
)

// certificates adds the chain that the server showed (RFC 5246, section 7.4.2).
func (p *parser) certificates(e *protocols.TLSStart, out protocols.Sink) {
	in := cryptobyte.String(p.hs.chain)
	var list cryptobyte.String
	if len(p.hs.chain) > 0 && !in.ReadUint24LengthPrefixed(&list) {
		p.truncated = true
	}
	for !list.Empty() {
		var der cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) || len(e.Certificates) == maxCertificates {
			p.truncated = true
			return
		}
		c := protocols.Certificate{SHA256: sha256.Sum256(der)}
		if !read(der, &c, out) {
			p.truncated = true
		}
		e.Certificates = append(e.Certificates, c)
	}
}

// read fills in the names of a certificate (RFC 5280, section 4.1). What comes
// behind something malformed is not looked for.
func read(der cryptobyte.String, c *protocols.Certificate, out protocols.Sink) bool {
	var cert, tbs, issuer, subject, extensions cryptobyte.String
	var hasExtensions bool
	if !der.ReadASN1(&cert, asn1.SEQUENCE) || !cert.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) || // version
		!tbs.SkipASN1(asn1.INTEGER) || !tbs.SkipASN1(asn1.SEQUENCE) || // serial number, signature
		!tbs.ReadASN1(&issuer, asn1.SEQUENCE) || !tbs.SkipASN1(asn1.SEQUENCE) || // validity
		!tbs.ReadASN1(&subject, asn1.SEQUENCE) {
		return false
	}
	c.Issuer, c.Subject = out.Copy(commonName(issuer)), out.Copy(commonName(subject))
	if !tbs.SkipASN1(asn1.SEQUENCE) || // public key
		!tbs.SkipOptionalASN1(asn1.Tag(1).ContextSpecific()) || !tbs.SkipOptionalASN1(asn1.Tag(2).ContextSpecific()) ||
		!tbs.ReadOptionalASN1(&extensions, &hasExtensions, asn1.Tag(3).ContextSpecific().Constructed()) {
		return false
	}
	return !hasExtensions || alternativeNames(extensions, c, out)
}

// The object identifiers 2.5.4.3 (common name) and 2.5.29.17 (subjectAltName).
const (
	oidCommonName = "\x55\x04\x03"
	oidAltName    = "\x55\x1d\x11"
)

// commonName returns the last common name of a distinguished name.
func commonName(name cryptobyte.String) (cn []byte) {
	for !name.Empty() {
		var set, attribute, oid, value cryptobyte.String
		var tag asn1.Tag
		if !name.ReadASN1(&set, asn1.SET) || !set.ReadASN1(&attribute, asn1.SEQUENCE) ||
			!attribute.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !attribute.ReadAnyASN1(&value, &tag) {
			break
		}
		if string(oid) == oidCommonName {
			cn = value[:min(len(value), maxName)]
		}
	}
	return cn
}

// alternativeNames adds the DNS names (RFC 5280, section 4.2.1.6). It reports
// whether all were read and there was room for them.
func alternativeNames(in cryptobyte.String, c *protocols.Certificate, out protocols.Sink) bool {
	var all cryptobyte.String
	if !in.ReadASN1(&all, asn1.SEQUENCE) {
		return false
	}
	for !all.Empty() {
		var extension, oid, value, names cryptobyte.String
		if !all.ReadASN1(&extension, asn1.SEQUENCE) || !extension.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
			return false
		}
		if string(oid) != oidAltName {
			continue
		}
		if !extension.SkipOptionalASN1(asn1.BOOLEAN) || !extension.ReadASN1(&value, asn1.OCTET_STRING) || !value.ReadASN1(&names, asn1.SEQUENCE) {
			return false
		}
		for !names.Empty() {
			var name cryptobyte.String
			var tag asn1.Tag
			if !names.ReadAnyASN1(&name, &tag) {
				return false
			}
			if tag != asn1.Tag(2).ContextSpecific() {
				continue
			}
			if len(c.Names) == maxNames {
				return false
			}
			c.Names = append(c.Names, out.Copy(name[:min(len(name), maxName)]))
		}
	}
	return true
}
