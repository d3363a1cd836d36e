package tls

import "math"

// Lengths of commands with their line end (RFC 1939): "LIST", "RETR 1", "RETR
// 1000000"; a record that is longer than the last holds several commands.
const (
	plainPOP3 = 6
	shortRETR = 8
	longRETR  = 14
)

// pop3 counts the commands that have an argument and a long answer: there is one
// RETR for a message. TOP looks the same and is counted with it; only where the
// answers are small the count is in doubt for that.
func (w *watch) pop3() (messages, bytes guess) {
	for i := range w.classes[:w.nClasses] {
		c := &w.classes[i]
		count, answered := float64(c.count), float64(c.answered)
		few, many := count, count // commands
		if c.length > longRETR {
			few, many = count*float64(c.length/(longRETR-2)), count*float64(c.length/shortRETR)
		}
		n := (few + many) / 2
		if c.length <= plainPOP3 || n == 0 || answered/n < chatter/2 {
			continue
		}
		low, content := math.Round(few*0.95), max(0, answered-n*lineBytes/3)
		if answered/n < smallMail {
			low = 0
		}
		messages.add(n, low, many)
		bytes.add(content, content*low/n*0.9, answered)
	}
	return messages, bytes
}
