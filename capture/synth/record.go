package synth

import (
	"net"
	"sync"

	"mailsensor/capture"
)

// Recorder writes down what real programs say to one another over loopback.
// It sits on the server's side, where the order of reading and writing is the
// order of cause and effect.
type Recorder struct {
	mu    sync.Mutex
	conns []*recorded
}

// Listen returns l with every connection it accepts recorded.
func (r *Recorder) Listen(l net.Listener) net.Listener { return &listener{l, r} }

// Dialogues returns the turns of every connection, in the order of accepting.
// Octets of one side that follow each other are one turn.
func (r *Recorder) Dialogues() [][]Turn {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([][]Turn, len(r.conns))
	for i, c := range r.conns {
		for _, turn := range c.turns {
			turn.Bytes = append([]byte(nil), turn.Bytes...)
			out[i] = append(out[i], turn)
		}
	}
	return out
}

type listener struct {
	net.Listener
	r *Recorder
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &recorded{Conn: conn, r: l.r}
	l.r.mu.Lock()
	l.r.conns = append(l.r.conns, c)
	l.r.mu.Unlock()
	return c, nil
}

type recorded struct {
	net.Conn
	r     *Recorder
	turns []Turn
}

func (c *recorded) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.note(capture.ToServer, b[:n])
	return n, err
}

// Write notes the octets before the peer can have them, so that its answer is
// noted behind them.
func (c *recorded) Write(b []byte) (int, error) {
	c.note(capture.ToClient, b)
	return c.Conn.Write(b)
}

func (c *recorded) note(d capture.Dir, b []byte) {
	if len(b) == 0 {
		return
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	if n := len(c.turns); n > 0 && c.turns[n-1].Dir == d {
		c.turns[n-1].Bytes = append(c.turns[n-1].Bytes, b...)
		return
	}
	c.turns = append(c.turns, Turn{Dir: d, Bytes: append([]byte(nil), b...)})
}
