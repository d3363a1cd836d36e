package filter

import "strings"

// token is a word or an operator; a word behind a backslash is never a keyword.
type token struct {
	text    string
	pos     int
	escaped bool
}

// is reports whether the token is one of these operators or keywords.
func (t token) is(words ...string) bool {
	for _, w := range words {
		if t.text == w && !t.escaped {
			return true
		}
	}
	return false
}

// isWord reports whether the token is neither an operator nor the end.
func (t token) isWord() bool { return t.escaped || t.text != "" && !t.is("(", ")", "and", "or", "not") }

// scan cuts an expression into tokens, the last of which is empty.
func scan(expr string) ([]token, error) {
	if len(expr) > maxLength {
		return nil, &Error{Pos: maxLength, Text: "the expression is too long"}
	}
	var out []token
	for i := 0; i < len(expr); {
		rest := expr[i:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			i++
			continue
		case strings.HasPrefix(rest, "&&"):
			out = append(out, token{text: "and", pos: i})
			i += 2
			continue
		case strings.HasPrefix(rest, "||"):
			out = append(out, token{text: "or", pos: i})
			i += 2
			continue
		case rest[0] == '!' && !strings.HasPrefix(rest, "!="):
			out = append(out, token{text: "not", pos: i})
			i++
			continue
		case rest[0] == '(' || rest[0] == ')':
			out = append(out, token{text: rest[:1], pos: i})
			i++
			continue
		}
		escaped := rest[0] == '\\'
		if escaped {
			rest = rest[1:]
		}
		n := wordLen(rest)
		if n == 0 {
			return nil, &Error{i, "unexpected " + quote(rest) + "; arithmetic on packet bytes is not supported"}
		}
		out = append(out, token{rest[:n], i, escaped})
		i = len(expr) - len(rest) + n
	}
	return append(out, token{pos: len(expr)}), nil
}

func wordLen(s string) int {
	for i := range len(s) {
		c := s[i]
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("._:/-", c) >= 0) {
			return i
		}
	}
	return len(s)
}

// quote shows the beginning of s.
func quote(s string) string {
	if s == "" {
		return "the end"
	}
	if len(s) > 1 && wordLen(s) > 0 {
		s = s[:min(wordLen(s), 40)]
	} else {
		s = s[:1]
	}
	return "'" + strings.ToValidUTF8(s, "?") + "'"
}
