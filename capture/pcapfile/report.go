package pcapfile

import "slices"

// Problems are the files, or the rests of files, that could not be read, in
// the order found. Nothing of what stands before the damage is missing.
func (s *Source) Problems() []error { return slices.Clone(s.problems) }

// Warnings are the files in folders that were left out because they are no
// captures.
func (s *Source) Warnings() []error { return slices.Clone(s.warnings) }

// Files returns the counts of each file, in the order of the arguments.
func (s *Source) Files() []Stats {
	files := make([]Stats, len(s.inputs))
	for i, in := range s.inputs {
		files[i] = in.stats()
	}
	return files
}

// Truncated names the files that ended in the middle of something.
func (s *Source) Truncated() []string {
	var names []string
	for _, in := range s.inputs {
		if st := in.stats(); st.Truncated {
			names = append(names, st.Name)
		}
	}
	return names
}

// Secrets returns the decryption secrets found so far in all files.
func (s *Source) Secrets() []Secret {
	var all []Secret
	for _, in := range s.inputs {
		if in.file != nil {
			all = append(all, in.file.Secrets()...)
		}
	}
	return all
}

// BytesRead is how much of the files has been read, compressed bytes where
// they are compressed. It may be called from any goroutine.
func (s *Source) BytesRead() int64 { return s.read.Load() }

// TotalBytes is what BytesRead comes to in the end, as far as it is known now:
// of a file that was left out or failed, only what was read counts. It is 0
// where an input is no regular file.
func (s *Source) TotalBytes() int64 {
	var total int64
	for _, in := range s.inputs {
		switch {
		case !in.regular():
			return 0
		case in.done:
			total += in.stats().Bytes
		default:
			total += in.id.Size()
		}
	}
	return total
}
