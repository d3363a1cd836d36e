package sink

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// elastic indexes by the bulk API into data streams, as documents of the Elastic
// Common Schema. The ID of a document is made of its content, so that what is sent
// again is there once.
type elastic struct {
	config ElasticConfig
	opt    Options
	auth   string
	client *http.Client
	*counters
}

func newElastic(c ElasticConfig, opt Options, n *counters) (*elastic, error) {
	o := &elastic{config: c, opt: opt, counters: n}
	switch {
	case c.APIKeyFile != "":
		key, err := secret(c.APIKeyFile)
		if err != nil {
			return nil, err
		}
		o.auth = "ApiKey " + key
	case c.User != "":
		password, err := secret(c.PasswordFile)
		if err != nil {
			return nil, err
		}
		o.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+password))
	}
	var err error
	o.client, err = client(c.TLS)
	return o, err
}

func (o *elastic) reopen() error { return nil }

func (o *elastic) close() error {
	o.client.CloseIdleConnections()
	return nil
}

// deliver indexes the batch. Of each line there is an answer of its own.
func (o *elastic) deliver(ctx context.Context, list []record) ([]record, error) {
	var body []byte
	for _, r := range list {
		body = o.appendItem(body, r)
	}
	answers, err := o.bulk(ctx, body)
	if isStatus(err, http.StatusRequestEntityTooLarge) {
		if half := len(list) / 2; half > 0 {
			if again, err := o.deliver(ctx, list[:half]); len(again) > 0 {
				return append(again[:len(again):len(again)], list[half:]...), err
			}
			return o.deliver(ctx, list[half:])
		}
		o.reject(1, err)
		return nil, nil
	}
	if err == nil && len(answers) != len(list) {
		err = fmt.Errorf("%d answers to %d lines", len(answers), len(list))
	}
	if err != nil {
		return list, err
	}
	o.bytes.Add(uint64(len(body)))
	return o.sort(list, answers)
}

// sort looks at what became of each line: those that were in the way are tried again,
// those that do not fit are counted.
func (o *elastic) sort(list []record, answers []answer) (again []record, err error) {
	rejected, why := 0, error(nil)
	for i, a := range answers {
		switch {
		case a.Status/100 == 2, a.Status == http.StatusConflict: // it is there already
		case a.Status == http.StatusTooManyRequests, a.Status/100 == 5:
			again, err = append(again, list[i]), fmt.Errorf("status %d of a line: %s", a.Status, a.Error.Type)
		default:
			rejected, why = rejected+1, fmt.Errorf("status %d of a line: %s", a.Status, a.Error.Type)
		}
	}
	if rejected > 0 {
		o.reject(rejected, why)
	}
	return again, err
}

func (o *elastic) reject(n int, err error) {
	o.rejected.Add(uint64(n))
	o.opt.Log.Error("lines were refused for good", "lines", n, "error", err)
}

// answer to a line of a bulk request.
type answer struct {
	Status int `json:"status"`
	Error  struct {
		Type string `json:"type"`
	} `json:"error"`
}

// maxAnswer bounds the answer to a bulk request.
const maxAnswer = 8 << 20

// bulkURL adds the bulk API to a URL, whose own query stays: receivers that only speak
// the protocol take from it which field is the time.
func bulkURL(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u = u.JoinPath("_bulk")
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&filter_path=items.*.status,items.*.error.type", "&")
	return u.String(), nil
}

func (o *elastic) bulk(ctx context.Context, body []byte) ([]answer, error) {
	address, err := bulkURL(o.config.URL)
	if err != nil {
		return nil, withoutURL(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("User-Agent", "mailsensor/"+o.opt.Version)
	if o.auth != "" {
		req.Header.Set("Authorization", o.auth)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		io.CopyN(io.Discard, resp.Body, 64<<10)
		return nil, retryAfter(resp)
	}
	var result struct {
		Items []struct{ Create *answer } `json:"items"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&result); err != nil {
		return nil, fmt.Errorf("the answer is none of the bulk API: %w", err)
	}
	answers := make([]answer, len(result.Items))
	for i, item := range result.Items {
		if item.Create == nil {
			return nil, errors.New("the answer is none of the bulk API")
		}
		answers[i] = *item.Create
	}
	return answers, nil
}

// appendItem appends a line's action and document.
func (o *elastic) appendItem(b []byte, r record) []byte {
	dataset := "mailsensor.event"
	if r.kind == kindAlert {
		dataset = "mailsensor.alert"
	}
	h := sha256.New()
	io.WriteString(h, o.opt.Sensor+"\x00")
	h.Write(r.line)
	b = fmt.Appendf(b, `{"create":{"_index":"logs-%s-%s","_id":"%s"}}`+"\n", dataset, o.config.Namespace,
		base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:15]))
	d := common(parse(r), o.opt)
	d.set("data_stream.type", "logs")
	d.set("data_stream.dataset", dataset)
	d.set("data_stream.namespace", o.config.Namespace)
	d.set("event.dataset", dataset)
	return append(d.appendJSON(b), '\n')
}
