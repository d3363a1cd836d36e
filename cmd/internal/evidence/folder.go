package evidence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"mailsensor/capture/synth"
)

// folder is a ring of files: the oldest make room for new ones.
type folder struct {
	dir     string
	limit   int64
	files   []file // oldest first
	bytes   int64
	removed uint64
}

type file struct {
	name string
	size int64
}

// ours are the names of files that may be removed.
var ours = regexp.MustCompile(`^\d{8}T\d{6}\.\d{9}Z-\d+\.pcap$`)

func openFolder(dir string, limit int64) (*folder, error) {
	f := &folder{dir: dir, limit: limit}
	entries, err := os.ReadDir(dir) // sorted by name, and so by time
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if ours.MatchString(e.Name()) {
			f.add(e.Name())
		}
	}
	return f, nil
}

// write makes a file that is whole as soon as it has its name, and readable for its
// owner alone.
func (f *folder) write(frames []synth.Frame, id uint64) (name string, err error) {
	name = fmt.Sprintf("%s-%d.pcap", time.Unix(0, frames[0].Time).UTC().Format("20060102T150405.000000000Z"), id)
	path := filepath.Join(f.dir, name)
	w, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	err = errors.Join(synth.WriteAll(w, frames, synth.Nano), w.Close())
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		os.Remove(path + ".part")
	}
	return name, err
}

// add counts a file in, and removes the oldest beyond the limit.
func (f *folder) add(name string) {
	st, err := os.Stat(filepath.Join(f.dir, name))
	if err != nil {
		return
	}
	f.files = append(f.files, file{name, st.Size()})
	f.bytes += st.Size()
	for f.bytes > f.limit && len(f.files) > 1 {
		os.Remove(filepath.Join(f.dir, f.files[0].name))
		f.bytes -= f.files[0].size
		f.files = slices.Delete(f.files, 0, 1)
		f.removed++
	}
}
