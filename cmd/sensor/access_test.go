package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// served is a listener with these flags; ask returns the status, and the common name of
// the certificate.
func served(t *testing.T, f accessFlags) (address string, failures *int) {
	t.Helper()
	failures = new(int)
	a, err := newAccess(&f, func(string, error) { *failures++ })
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{}
	d.beat.Store(wallClock())
	s, err := newServer("127.0.0.1:0", a, nil, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	go s.serve(slog.New(slog.DiscardHandler))
	return s.listener.Addr().String(), failures
}

func ask(t *testing.T, url string, auth func(*http.Request)) (status int, name string) {
	t.Helper()
	req, err := http.NewRequest("GET", url+"/-/healthy", nil)
	if err != nil {
		t.Fatal(err)
	}
	auth(req)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	r, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	io.Copy(io.Discard, r.Body)
	if r.TLS != nil {
		name = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	return r.StatusCode, name
}

func hash(t *testing.T, password string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func basicAuth(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// Whoever asks needs the token or a password, as the files have them now.
func TestAccess(t *testing.T) {
	auth := write(t, "auth", []byte("# who\nann:"+hash(t, "secret")+"\n"))
	address, failures := served(t, accessFlags{TokenFile: write(t, "token", []byte("0123456789abcdef\n")), AuthFile: auth})
	expect := func(want int, auth func(*http.Request)) {
		t.Helper()
		if got, _ := ask(t, "http://"+address, auth); got != want {
			t.Errorf("status %d, not %d", got, want)
		}
	}
	expect(401, func(*http.Request) {})
	expect(401, bearer("0123456789abcdeX"))
	expect(401, bearer(""))
	expect(200, bearer("0123456789abcdef"))
	expect(401, basicAuth("ann", "Secret"))
	expect(401, basicAuth("bob", "secret"))
	expect(401, basicAuth("ann", ""))
	expect(200, basicAuth("ann", "secret"))
	expect(200, basicAuth("ann", "secret"))
	expect(401, basicAuth("ann", "secre"))

	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(auth, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("ann:plain\n")
	expect(200, basicAuth("ann", "secret"))
	if *failures != 1 {
		t.Errorf("%d failures told", *failures)
	}
	put("robert:" + hash(t, "other") + "\n")
	expect(401, basicAuth("ann", "secret"))
	expect(200, basicAuth("robert", "other"))
}

// Without a token there is no token that opens, and without users no password.
func TestAccessOfOneKind(t *testing.T) {
	address, _ := served(t, accessFlags{AuthFile: write(t, "auth", []byte("ann:"+hash(t, "secret")))})
	if got, _ := ask(t, "http://"+address, bearer("")); got != 401 {
		t.Errorf("status %d", got)
	}
	address, _ = served(t, accessFlags{TokenFile: write(t, "token", []byte("0123456789abcdef"))})
	if got, _ := ask(t, "http://"+address, basicAuth("", "")); got != 401 {
		t.Errorf("status %d", got)
	}
}

// certificate writes one for a name into the folder.
func certificate(t *testing.T, folder, name string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{{127, 0, 0, 1}}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// Over TLS, with the certificate that the files have now; one that does not fit its key
// changes nothing.
func TestListenTLS(t *testing.T) {
	folder := t.TempDir()
	cert, key := certificate(t, folder, "first")
	address, failures := served(t, accessFlags{TLSCert: cert, TLSKey: key})
	nobody := func(*http.Request) {}
	if status, name := ask(t, "https://"+address, nobody); status != 200 || name != "first" {
		t.Errorf("%d of %q", status, name)
	}
	if status, _ := ask(t, "http://"+address, nobody); status != 400 {
		t.Errorf("clear text: %d", status)
	}
	other, _ := certificate(t, t.TempDir(), "wrong")
	if err := os.Rename(other, cert); err != nil {
		t.Fatal(err)
	}
	if _, name := ask(t, "https://"+address, nobody); name != "first" || *failures != 1 {
		t.Errorf("%q, %d failures", name, *failures)
	}
	certificate(t, folder, "second")
	if _, name := ask(t, "https://"+address, nobody); name != "second" {
		t.Errorf("%q", name)
	}
	if _, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1")
	}
}

func TestAccessFlags(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"--listen 0.0.0.0:0", "--token-file"},
		{"--listen 0.0.0.0:0 --tls-cert x --tls-key y", "--auth-file"},
		{"--tls-cert x", "give both"},
	} {
		if o := sensor(nil, append([]string{"run", "-i", "lo"}, strings.Fields(c.args)...)...); o.code != exitBad || !strings.Contains(o.err, c.want) {
			t.Errorf("%s: %+v", c.args, o)
		}
	}
	for _, text := range []string{"", "ann:secret", "ann:$2y$31$" + strings.Repeat("a", 53), ":" + hash(t, "x"), "ann"} {
		if _, err := readUsers(write(t, "auth", []byte(text))); err == nil || !strings.Contains(err.Error(), "htpasswd") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
