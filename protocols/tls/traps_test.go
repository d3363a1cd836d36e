package tls

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols/protocoltest"
)

// extended returns a conversation whose ClientHello, which is one record, has another
// extension.
func extended(t *testing.T, turns []protocoltest.Turn, kind uint16, body []byte) []protocoltest.Turn {
	t.Helper()
	out := append([]protocoltest.Turn(nil), turns...)
	for i, turn := range out {
		if turn.Dir != capture.ToServer {
			continue
		}
		b := bytes.Clone(turn.Text)
		record := 5 + int(binary.BigEndian.Uint16(b[3:]))
		at := 5 + 4 + 2 + 32
		at += 1 + int(b[at])
		at += 2 + int(binary.BigEndian.Uint16(b[at:]))
		at += 1 + int(b[at])
		if at+2+int(binary.BigEndian.Uint16(b[at:])) != record {
			t.Fatal("no ClientHello")
		}
		more := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, kind), uint16(len(body)))
		more = append(more, body...)
		for _, place := range []int{3, 7, at} { // of the record, of the message, of the extensions
			binary.BigEndian.PutUint16(b[place:], binary.BigEndian.Uint16(b[place:])+uint16(len(more)))
		}
		out[i].Text = append(append(bytes.Clone(b[:record]), more...), b[record:]...)
		return out
	}
	t.Fatal("no client")
	return nil
}

func dialogue(t *testing.T) []protocoltest.Turn {
	t.Helper()
	cert := certify(t, "mx", "mx")
	return converse(t, &tls.Config{InsecureSkipVerify: true, ServerName: "outer.example", NextProtos: []string{"imap"}},
		&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"imap"}}, []string{"a NOOP\r\n", "b FETCH 1 RFC822\r\n"}, []int{30, 5000})
}

// The name in an encrypted hello is not what stands outside, and that is said.
func TestEncryptedHello(t *testing.T) {
	turns := dialogue(t)
	got := run(extended(t, turns, extEncryptedHello, make([]byte, 200)), 993)
	if member(got, "Encrypted") != "true" || member(got, "ServerName") != `"outer.example"` {
		t.Error(got)
	}
	if plain := run(turns, 993); member(plain, "Encrypted") != "" || member(plain, "JA4") == member(got, "JA4") || member(plain, "JA4") == "" {
		t.Errorf("%s\n%s", plain, got)
	}
}

// What is sent so that peers get used to it changes no fingerprint.
func TestGREASEOfAHello(t *testing.T) {
	turns := dialogue(t)
	want, got := run(turns, 993), run(extended(t, extended(t, turns, 0x0a0a, nil), 0xdada, []byte{0}), 993)
	if member(want, "JA3") == "" || want != got {
		t.Errorf("%s\nwith GREASE: %s", want, got)
	}
	if other := run(extended(t, turns, 0x1234, nil), 993); member(other, "JA4") == member(want, "JA4") {
		t.Error("an extension that means something changes nothing")
	}
}

// Data before the handshake is done are neither the login nor a download.
func TestEarlyData(t *testing.T) {
	talk := func(early []int) watch {
		var w watch
		w.reset(tls13, 0x1301, false)
		if len(early) > 0 {
			w.maxEarly = maxEarlyData
		}
		for _, n := range early {
			w.record(capture.ToServer, n)
		}
		for _, n := range []int{60, 900, 281, 53} { // the server's part of the handshake
			w.record(capture.ToClient, n)
		}
		if len(early) > 0 {
			w.record(capture.ToServer, 4+17) // EndOfEarlyData
		}
		w.record(capture.ToServer, 32+4+17) // Finished
		for range 3 {
			w.record(capture.ToServer, 40)
			w.record(capture.ToClient, 9000)
		}
		w.endRound()
		w.octets, w.early, w.maxEarly = [2]uint64{}, 0, 0
		return w
	}
	if want, got := talk(nil), talk([]int{300, 41, 1400, 77, 512, 90}); want != got || want.bursts != 2 {
		t.Errorf("%+v\nwith early data: %+v", want, got)
	}
	turns := dialogue(t)
	if p := run(extended(t, turns, extEarlyData, nil), 993); member(p, "Bursts") != member(run(turns, 993), "Bursts") || member(p, "Bursts") == "" {
		t.Error(p)
	}
}
