package history

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// importPath is VictoriaMetrics' for the text format of Prometheus, with times.
const importPath = "/api/v1/import/prometheus"

// maxBody is the octets of samples of one request, before compression.
const maxBody = 4 << 20

// Pusher sends the samples of a Recorder to VictoriaMetrics.
type Pusher struct {
	base      *url.URL
	token     string
	client    *http.Client
	retention time.Duration // 0: not known
	setting   string        // as the receiver says it
	wait      time.Duration // for samples to be found
}

// NewPusher asks the receiver at rawURL how long it keeps samples. A token, where
// there is one, is shown as a bearer token.
func NewPusher(ctx context.Context, rawURL, token string) (*Pusher, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of VictoriaMetrics: write it like http://127.0.0.1:8428", rawURL)
	}
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), importPath)
	u.RawQuery, u.Fragment = "", ""
	p := &Pusher{base: u, token: token, client: &http.Client{Timeout: time.Minute}, wait: 20 * time.Second}
	body, err := p.get(ctx, "/metrics", nil)
	var status *statusError
	if err != nil && !errors.As(err, &status) {
		return nil, fmt.Errorf("%w\nIs VictoriaMetrics running there? It listens on port 8428 by default", err)
	}
	p.setting = retentionFlag(string(body))
	p.retention = parseRetention(p.setting)
	return p, nil
}

// retentionFlag finds the flag in what VictoriaMetrics says of itself.
func retentionFlag(text string) string {
	_, rest, found := strings.Cut(text, `flag{name="retentionPeriod", value="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// parseRetention reads -retentionPeriod: months of 31 days, or hours, days, weeks,
// years by their letter. 0: it cannot be read.
func parseRetention(s string) time.Duration {
	const day = 24 * time.Hour
	units := map[byte]time.Duration{'h': time.Hour, 'd': day, 'w': 7 * day, 'y': 365 * day, 'M': 31 * day}
	unit := 31 * day
	if n := len(s); n > 0 && units[s[n-1]] > 0 {
		unit, s = units[s[n-1]], s[:n-1]
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n <= 0 || n > 1e6 {
		return 0
	}
	return time.Duration(min(n*float64(unit), 250*365*float64(day)))
}

// future is how far ahead of its clock VictoriaMetrics takes samples.
const future = 48 * time.Hour

// Check returns an error when the receiver would drop, in silence, samples of the
// span from first to last.
func (p *Pusher) Check(first, last int64, now time.Time) error {
	if oldest := now.Add(-p.retention).UnixNano(); p.retention > 0 && first < oldest {
		return fmt.Errorf("samples from %s to %s would be dropped: %s keeps none from before %s (-retentionPeriod=%s)\n"+
			"Start it with -retentionPeriod=%dy, or write --openmetrics FILE for promtool; nothing was sent",
			stamp(first), stamp(min(oldest, last)), p.base.Host, stamp(oldest), p.setting, 1+int(now.Sub(time.Unix(0, first)).Hours()/24/365))
	}
	if newest := now.Add(future).UnixNano(); last > newest {
		return fmt.Errorf("samples from %s to %s would be dropped: they are in the future, by the clock of this machine; nothing was sent",
			stamp(max(newest, first)), stamp(last))
	}
	return nil
}

func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }

// Push sends all samples with the labels added, and asks the receiver whether it has
// them; checked is false when it does not answer queries.
func (p *Pusher) Push(ctx context.Context, r *Recorder, labels []Label) (sent uint64, checked bool, err error) {
	before, checked := p.count(ctx, r, labels)
	var body bytes.Buffer
	var pending uint64
	for _, f := range r.families {
		for _, t := range f.tracks {
			series := seriesText(t, labels)
			r.samples(t, func(at int64, value float64) {
				if err != nil {
					return
				}
				body.WriteString(series)
				b := append(appendFloat(append(body.AvailableBuffer(), ' '), value), ' ')
				body.Write(append(strconv.AppendInt(b, at/1e6, 10), '\n'))
				if pending++; body.Len() >= maxBody {
					err = p.post(ctx, body.Bytes())
					sent, pending = sent+pending, 0
					body.Reset()
				}
			})
		}
	}
	if err == nil && pending > 0 {
		err = p.post(ctx, body.Bytes())
		sent += pending
	}
	if err != nil || !checked {
		return sent, false, err
	}
	return sent, true, p.verify(ctx, r, labels, before, sent)
}

// verify waits until what was sent can be found: all of it, added to what was there,
// or in its place.
func (p *Pusher) verify(ctx context.Context, r *Recorder, labels []Label, before, sent uint64) error {
	var have uint64
	for end := time.Now().Add(p.wait); ; {
		have, _ = p.count(ctx, r, labels)
		if have >= sent && have >= before {
			return nil
		}
		if time.Now().After(end) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(p.wait / 40):
		}
	}
	first, last := r.Span()
	return fmt.Errorf("%s has %d of the %d samples from %s to %s: it dropped the others\n"+
		"Look at its log; -retentionPeriod and -dedup.minScrapeInterval drop samples, and so do limits of series", p.base.Host, have, sent, stamp(first), stamp(last))
}

// count asks how many samples with the labels there are in the span of r.
func (p *Pusher) count(ctx context.Context, r *Recorder, labels []Label) (n uint64, ok bool) {
	first, last := r.Span()
	q := seriesText(&track{labels: `__name__=~"mailsensor_.+"`}, labels)
	body, err := p.get(ctx, "/api/v1/query", url.Values{
		"query":   {fmt.Sprintf("sum(count_over_time(%s[%dms]))", q, (last-first)/1e6+1)},
		"time":    {string(appendSeconds(nil, last))},
		"nocache": {"1"},
	})
	if err != nil {
		return 0, false
	}
	var answer struct {
		Status string
		Data   struct {
			Result []struct{ Value [2]any }
		}
	}
	if json.Unmarshal(body, &answer) != nil || answer.Status != "success" {
		return 0, false
	}
	if len(answer.Data.Result) == 0 {
		return 0, true
	}
	text, _ := answer.Data.Result[0].Value[1].(string)
	f, err := strconv.ParseFloat(text, 64)
	return uint64(max(f, 0)), err == nil
}

func (p *Pusher) post(ctx context.Context, samples []byte) error {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	z.Write(samples)
	z.Close()
	_, err := p.do(ctx, http.MethodPost, importPath, nil, &body)
	var status *statusError
	if errors.As(err, &status) {
		switch status.code {
		case http.StatusNotFound, http.StatusMethodNotAllowed:
			return fmt.Errorf("%w\nIs it VictoriaMetrics? For Prometheus write --openmetrics FILE and run: promtool tsdb create-blocks-from openmetrics FILE", err)
		case http.StatusUnauthorized, http.StatusForbidden:
			return fmt.Errorf("%w\nGive --push-token-file", err)
		}
	}
	return err
}

func (p *Pusher) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	return p.do(ctx, http.MethodGet, path, query, nil)
}

// statusError is an answer that is none of success.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return e.text }

// maxAnswer bounds what is read of an answer.
const maxAnswer = 8 << 20

func (p *Pusher) do(ctx context.Context, method, path string, query url.Values, body io.Reader) ([]byte, error) {
	u := *p.base
	u.Path += path
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Encoding", "gzip")
		req.Header.Set("Content-Type", "text/plain")
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode/100 != 2 {
		said := strings.ToValidUTF8(strings.TrimSpace(string(text[:min(len(text), 200)])), "?")
		return nil, &statusError{resp.StatusCode, fmt.Sprintf("%s%s answers %s: %q", p.base.Host, u.Path, resp.Status, said)}
	}
	return text, err
}
