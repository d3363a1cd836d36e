package sink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

// config reads the certificates. Those of the system are read now, while they can
// be: the library keeps them.
func (c *TLSConfig) config() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c == nil || c.CA == "" {
		var err error
		if conf.RootCAs, err = x509.SystemCertPool(); err != nil {
			return nil, err
		}
	}
	if c == nil {
		return conf, nil
	}
	conf.ServerName = c.ServerName
	if c.CA != "" {
		b, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, err
		}
		if conf.RootCAs = x509.NewCertPool(); !conf.RootCAs.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", c.CA)
		}
	}
	if c.Certificate != "" {
		own, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{own}
	}
	return conf, nil
}

// How long a receiver may take.
const (
	connectTimeout = 10 * time.Second
	answerTimeout  = 30 * time.Second
)

// client is for one host: no proxy out of the environment, no redirect.
func client(c *TLSConfig) (*http.Client, error) {
	conf, err := c.config()
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Timeout: answerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSClientConfig:        conf,
			TLSHandshakeTimeout:    connectTimeout,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}, nil
}

// portOf is the port of an address or URL that was checked.
func portOf(s string) uint16 {
	u, err := url.Parse(s)
	if err != nil {
		return 0
	}
	switch {
	case u.Port() != "":
		return port(u.Port())
	case u.Scheme == "https":
		return 443
	}
	return 80
}

// status is for errors of HTTP.
type status struct {
	code int
	text string
}

func (s status) Error() string { return fmt.Sprintf("HTTP status %d %s", s.code, s.text) }

// retryAfter turns the status of a response into an error that knows when to come
// again (RFC 9110, 10.2.3).
func retryAfter(resp *http.Response) error {
	err := status{resp.StatusCode, http.StatusText(resp.StatusCode)}
	text := resp.Header.Get("Retry-After")
	if n, e := strconv.ParseUint(text, 10, 32); e == nil {
		return later{err, time.Duration(n) * time.Second}
	}
	if t, e := http.ParseTime(text); e == nil {
		return later{err, time.Until(t)}
	}
	return err
}

// isStatus reports whether err is one of these statuses.
func isStatus(err error, codes ...int) bool {
	var s status
	if !errors.As(err, &s) {
		return false
	}
	for _, c := range codes {
		if s.code == c {
			return true
		}
	}
	return false
}
