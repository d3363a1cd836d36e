package webmail

// wbxmlScanner reads WBXML (MS-ASWBXML) as it comes. Tags are told by name where they
// matter, by page and number where they do not.
type wbxmlScanner struct {
	visit  visitor
	path   []byte
	ends   []int
	value  []byte
	size   uint64
	state  wbxmlState
	page   byte
	left   uint64 // of an integer or of opaque data
	shift  int
	header int // octets of it still to come
	dead   bool
}

type wbxmlState uint8

const (
	wbxmlHeader wbxmlState = iota
	wbxmlTable             // the string table's length; it is empty in ActiveSync
	wbxmlToken
	wbxmlPage
	wbxmlString
	wbxmlLength
	wbxmlOpaque
)

// Global tokens (WBXML 1.3, section 7.1).
const (
	switchPage = 0x00
	endElement = 0x01
	strI       = 0x03
	opaque     = 0xC3
	hasContent = 0x40
	tagMask    = 0x3f
)

// tagNames are those of MS-ASWBXML, sections 2.1.2.1.1 (AirSync), .3 (Email), .14
// (ComposeMail is not needed), .16 (Search), .18 (AirSyncBase) and .21 (ItemOperations).
var tagNames = map[uint16]string{
	0x0005: "Sync", 0x0006: "Responses", 0x0007: "Add", 0x0008: "Change", 0x0009: "Delete", 0x000a: "Fetch", 0x000b: "SyncKey", 0x000d: "ServerId",
	0x000e: "Status", 0x000f: "Collection", 0x0010: "Class", 0x0012: "CollectionId", 0x0016: "Commands", 0x001c: "Collections", 0x001d: "ApplicationData",
	0x0214: "Subject", 0x0236: "MIMEData", 0x0237: "MIMETruncated", 0x0238: "MIMESize",
	0x0f05: "Search", 0x0f0d: "Response", 0x0f0e: "Result", 0x0f0f: "Properties", 0x0f18: "LongId",
	0x110a: "Body", 0x110b: "Data", 0x110c: "EstimatedDataSize", 0x110d: "Truncated",
	0x1405: "ItemOperations", 0x1406: "Fetch", 0x140b: "Properties", 0x140c: "Data", 0x140d: "Status", 0x140e: "Response",
}

func (s *wbxmlScanner) reset(v visitor) {
	*s = wbxmlScanner{visit: v, path: s.path[:0], ends: s.ends[:0], value: s.value[:0], header: 3}
}

func (s *wbxmlScanner) write(b []byte) {
	for i := 0; i < len(b) && !s.dead; i++ {
		c := b[i]
		switch s.state {
		case wbxmlHeader: // version, public id, character set: each of one octet here
			if s.header--; s.header == 0 {
				s.state = wbxmlTable
			}
		case wbxmlTable:
			s.dead = c != 0 // a string table, which ActiveSync has not
			s.state = wbxmlToken
		case wbxmlPage:
			s.page, s.state = c, wbxmlToken
		case wbxmlString:
			if c == 0 {
				s.state = wbxmlToken
				continue
			}
			s.put(b[i : i+1])
		case wbxmlLength:
			s.left = s.left<<7 | uint64(c&0x7f)
			if s.shift++; s.shift > 5 {
				s.dead = true
			}
			if c&0x80 == 0 {
				if s.state = wbxmlOpaque; s.left == 0 {
					s.state = wbxmlToken
				}
			}
		case wbxmlOpaque:
			n := int(min(s.left, uint64(len(b)-i)))
			s.put(b[i : i+n])
			i += n - 1
			if s.left -= uint64(n); s.left == 0 {
				s.state = wbxmlToken
			}
		default:
			s.token(c)
		}
	}
}

func (s *wbxmlScanner) put(b []byte) {
	s.size += uint64(len(b))
	if room := maxValue - len(s.value); room > 0 {
		s.value = append(s.value, b[:min(len(b), room)]...)
	}
}

func (s *wbxmlScanner) token(c byte) {
	switch c {
	case switchPage:
		s.state = wbxmlPage
	case endElement:
		s.end()
	case strI:
		s.state = wbxmlString
	case opaque:
		s.state, s.left, s.shift = wbxmlLength, 0, 0
	default:
		if c&0x80 != 0 || c&tagMask < 5 { // attributes and extensions are not used
			s.dead = true
			return
		}
		s.begin(c & tagMask)
		if c&hasContent == 0 {
			s.end()
		}
	}
}

func (s *wbxmlScanner) begin(tag byte) {
	if len(s.ends) == maxDepth {
		s.dead = true
		return
	}
	s.value, s.size = s.value[:0], 0
	s.ends = append(s.ends, len(s.path))
	s.path = append(s.path, '/')
	if name := tagNames[uint16(s.page)<<8|uint16(tag)]; name != "" {
		s.path = append(s.path, name...)
	} else {
		const hex = "0123456789abcdef"
		s.path = append(s.path, hex[s.page>>4], hex[s.page&15], hex[tag>>4], hex[tag&15])
	}
	s.visit(opened, s.path, nil, 0)
}

func (s *wbxmlScanner) end() {
	n := len(s.ends)
	if n == 0 {
		return
	}
	if s.size > 0 {
		s.visit(text, s.path, s.value, s.size)
	}
	s.visit(closed, s.path, nil, 0)
	s.path, s.ends = s.path[:s.ends[n-1]], s.ends[:n-1]
	s.value, s.size = s.value[:0], 0
}
