package sink

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// webhook POSTs batches as JSON, signed as Standard Webhooks has it
// (https://www.standardwebhooks.com): of "id.timestamp.body" the HMAC-SHA256.
type webhook struct {
	config WebhookConfig
	opt    Options
	key    []byte
	token  string
	client *http.Client
	now    func() time.Time
	*counters
}

func newWebhook(c WebhookConfig, opt Options, n *counters) (*webhook, error) {
	o := &webhook{config: c, opt: opt, now: time.Now, counters: n}
	key, err := secret(c.KeyFile)
	if err != nil {
		return nil, err
	}
	o.key = []byte(key)
	if text, ok := strings.CutPrefix(key, "whsec_"); ok {
		if o.key, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, fmt.Errorf("%s: behind whsec_ is no base64", c.KeyFile)
		}
	}
	if len(o.key) < 16 {
		return nil, fmt.Errorf("%s: the key has fewer than 16 octets", c.KeyFile)
	}
	if c.TokenFile != "" {
		if o.token, err = secret(c.TokenFile); err != nil {
			return nil, err
		}
	}
	o.client, err = client(c.TLS)
	return o, err
}

func (o *webhook) reopen() error { return nil }

func (o *webhook) close() error {
	o.client.CloseIdleConnections()
	return nil
}

// deliver posts the batch. Where that is too large, it is halved; what the receiver
// calls bad it will not call good later.
func (o *webhook) deliver(ctx context.Context, list []record) ([]record, error) {
	body := o.body(list)
	err := o.post(ctx, body)
	switch {
	case err == nil:
		o.bytes.Add(uint64(len(body)))
		return nil, nil
	case isStatus(err, http.StatusRequestEntityTooLarge) && len(list) > 1:
		half := len(list) / 2
		if again, err := o.deliver(ctx, list[:half]); len(again) > 0 {
			return list[half-len(again):], err
		}
		return o.deliver(ctx, list[half:])
	case isStatus(err, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity):
		o.rejected.Add(uint64(len(list)))
		o.opt.Log.Error("lines were refused for good", "lines", len(list), "error", err)
		return nil, nil
	}
	return list, err
}

// body is {"schema":…,"sensor":…,"records":[{"event":{…}},{"alert":{…}}]}.
func (o *webhook) body(list []record) []byte {
	name, _ := json.Marshal(o.opt.Sensor) // a string always can be
	b := append([]byte(`{"schema":"mailsensor/webhook/v1","sensor":`), name...)
	b = append(b, `,"records":[`...)
	for i, r := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if r.kind == kindAlert {
			b = append(b, `{"alert":`...)
		} else {
			b = append(b, `{"event":`...)
		}
		b = append(append(b, r.line...), '}')
	}
	return append(b, "]}"...)
}

func (o *webhook) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.config.URL, bytes.NewReader(body))
	if err != nil {
		return withoutURL(err)
	}
	sum := sha256.Sum256(body)
	id, at := "msg_"+hex.EncodeToString(sum[:16]), strconv.FormatInt(o.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "mailsensor/"+o.opt.Version)
	req.Header.Set("webhook-id", id) // the same when it is sent again: a receiver can tell
	req.Header.Set("webhook-timestamp", at)
	req.Header.Set("webhook-signature", "v1,"+sign(o.key, id, at, body))
	if o.token != "" {
		req.Header.Set("Authorization", "Bearer "+o.token)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return retryAfter(resp)
	}
	return nil
}

func sign(key []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, at)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
