package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// lines is a file of JSON lines that goes on for as long as the sensor runs. It is
// added to, so that a restart loses nothing, and opened again on request, so that
// it can be rotated.
type lines struct {
	path string
	file io.WriteCloser
	w    *bufio.Writer
	line []byte
	lost uint64 // lines that could not be written
	err  error  // why; nil again when it is possible again
}

// newLines opens the file; "-" is std, "" none: what is written is dropped.
func newLines(flag, path string, std io.Writer) (*lines, error) {
	l := &lines{path: path}
	switch path {
	case "":
	case "-":
		l.w = bufio.NewWriterSize(std, 64<<10)
	default:
		if err := l.reopen(); err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
	}
	return l, nil
}

// reopen goes on in the file that has the name now. If that cannot be, it goes on
// in the old one.
func (l *lines) reopen() error {
	if l.path == "" || l.path == "-" {
		return nil
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	if l.file != nil {
		l.flush()
		l.file.Close()
	}
	l.file, l.w = f, bufio.NewWriterSize(f, 64<<10)
	return nil
}

// write adds a line. An output that fails never stops the capture: what is lost is
// counted.
func (l *lines) write(add func(dst []byte) []byte) {
	if l.w == nil {
		return
	}
	l.line = append(add(l.line[:0]), '\n')
	if _, err := l.w.Write(l.line); err != nil {
		l.failed(err)
	}
}

// flush writes what is buffered.
func (l *lines) flush() {
	if l.w == nil {
		return
	}
	if err := l.w.Flush(); err != nil {
		l.failed(err)
	}
}

// failed counts a line and starts anew: a bufio.Writer keeps its first error.
func (l *lines) failed(err error) {
	l.lost++
	l.err = err
	if l.file != nil {
		l.w.Reset(l.file)
	}
}

func (l *lines) close() error {
	l.flush()
	if l.file != nil {
		return l.file.Close()
	}
	return nil
}
