package pcapfile

import (
	"os"
	"path/filepath"
)

// expand lists the inputs that a path stands for. What is in a folder, or in
// the folders inside it, comes in the order of the names.
func (s *Source) expand(path string) {
	if path == "-" {
		s.inputs = append(s.inputs, &input{path: stdinName, order: len(s.inputs)})
		return
	}
	id, err := os.Stat(path)
	switch {
	case err != nil:
		s.problems = append(s.problems, unopened(path, err))
	case id.IsDir():
		before := len(s.inputs)
		s.folder(path)
		if len(s.inputs) == before {
			s.problems = append(s.problems, &Error{Name: path, Offset: -1, Kind: ErrEmpty, What: "no file in this folder"})
		}
	default:
		s.inputs = append(s.inputs, &input{path: path, order: len(s.inputs), id: id})
	}
}

// folder follows links to files, but none to folders: they may lead in circles.
func (s *Source) folder(path string) {
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		s.problems = append(s.problems, unopened(path, err))
	}
	for _, entry := range entries {
		name := filepath.Join(path, entry.Name())
		id, err := os.Stat(name)
		switch {
		case err != nil:
			s.problems = append(s.problems, unopened(name, err))
		case entry.IsDir():
			s.folder(name)
		case id.Mode().IsRegular():
			s.inputs = append(s.inputs, &input{path: name, order: len(s.inputs), inFolder: true, id: id})
		default:
			s.warnings = append(s.warnings, &Error{Name: name, Offset: -1, Kind: ErrNotCapture, What: "skipped: no regular file"})
		}
	}
}
