package all

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/detectors/habits"
	"mailsensor/detectors/inside"
)

func TestDefaultIsGood(t *testing.T) {
	if err := Default().Check(); err != nil {
		t.Error(err)
	}
	if !(Config{}).Empty() || Default().Empty() {
		t.Error("what is empty is not told from what is shipped")
	}
}

// Each threshold is found by Check when it is nothing, by the name that it has in
// the file.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	n := 0
	var walk func(v reflect.Value, c *Config, path string)
	walk = func(v reflect.Value, c *Config, path string) {
		for i := range v.NumField() {
			f, name := v.Field(i), path+v.Type().Field(i).Tag.Get("yaml")
			switch f.Kind() {
			case reflect.Struct:
				walk(f, c, name+".")
			case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
				old := reflect.ValueOf(f.Interface())
				f.SetZero()
				if err := c.Check(); err == nil || !strings.HasPrefix(err.Error(), name+" ") {
					t.Errorf("%s of 0: %v", name, err)
				}
				f.Set(old)
				n++
			}
		}
	}
	c := Default()
	walk(reflect.ValueOf(&c).Elem(), &c, "")
	if n < 20 {
		t.Errorf("%d thresholds only", n)
	}
}

// Every setting has a name in the file, in small letters, which reads back as it was
// written; another is refused.
func TestKeys(t *testing.T) {
	text, err := yaml.Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	var back Config
	if err := yaml.UnmarshalWithOptions(text, &back, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	again, err := yaml.Marshal(back)
	if err != nil || string(again) != string(text) {
		t.Errorf("%s is read as %s, %v", text, again, err)
	}
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	var walk func(v reflect.Type)
	walk = func(v reflect.Type) {
		for i := range v.NumField() {
			f := v.Field(i)
			if key := f.Tag.Get("yaml"); !name.MatchString(key) {
				t.Errorf("%s.%s has the key %q", v, f.Name, key)
			}
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[Config]())
	for _, bad := range []string{"logn: {}", "login: {gess_failures: 3}", "forward: {List: 3}"} {
		if err := yaml.UnmarshalWithOptions([]byte(bad), &back, yaml.Strict()); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// Detectors have names of their own, are as many as settings, say nothing of a
// silent day, and count what they forget.
func TestDetectors(t *testing.T) {
	border := detectortest.Border()
	c := Default()
	list := Detectors(c, Around{Border: border, Habits: habits.New(c.Baseline, border, time.UTC, nil), Location: time.UTC})
	if want := reflect.TypeFor[Config]().NumField(); len(list) != want {
		t.Errorf("%d detectors, %d settings", len(list), want)
	}
	names := map[string]bool{}
	for _, d := range list {
		if names[d.Name()] || d.Name() == "" {
			t.Errorf("two are called %q", d.Name())
		}
		names[d.Name()] = true
	}
	s := new(detectortest.Story)
	s.Mail(9*time.Hour, "10.20.0.40", "ann@corp.example", 2000, "bob@corp.example")
	if got := s.Play(list...); len(got) != 0 {
		t.Errorf("%s", got[0].Summary)
	}
	for _, name := range []string{"login", "forward", "exfil", "access"} {
		for _, d := range list {
			if b, ok := d.(detectors.Bounded); d.Name() == name && (!ok || b.Evicted() != 0) {
				t.Errorf("%s does not count what it forgets", name)
			}
		}
	}
}

// With --memory no table of a detector is larger than the entities that there is room
// for, but for those of servers, also after a state was loaded.
func TestWithin(t *testing.T) {
	const entities = 10
	servers := regexp.MustCompile(`^(servers|services)$`)
	around := Around{Border: inside.New(inside.Config{}), Location: time.UTC, Habits: habits.New(habits.Default(), inside.New(inside.Config{}), time.UTC, nil)}
	list := Detectors(Default(), around)
	detectors.NewSet(list).Within(entities)
	tables := 0
	for _, d := range list {
		if _, ok := d.(detectors.Limited); !ok {
			continue
		}
		if l, ok := d.(detectors.Learner); ok {
			b, err := l.AppendState(nil)
			if err == nil {
				err = l.LoadState(b)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		v := reflect.ValueOf(d).Elem()
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if f := v.Field(i); f.Kind() == reflect.Pointer && strings.HasPrefix(f.Type().Elem().Name(), "Table[") && !servers.MatchString(name) {
				tables++
				if most := f.Elem().FieldByName("max").Int(); most > entities {
					t.Errorf("%s: %s holds %d", d.Name(), name, most)
				}
			}
		}
	}
	if tables < 10 {
		t.Errorf("only %d tables were found", tables)
	}
}
