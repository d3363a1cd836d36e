package pcapfile

import (
	"bytes"
	"fmt"
)

// Bounds of the secrets kept of one file. A TLS key log line is about 200
// bytes, and a connection needs up to five.
const (
	maxSecrets     = 1024
	maxSecretBytes = 4 << 20
)

// Secret is the content of a decryption secrets block (section 4.7). It is key
// material: for whoever decrypts, never for output.
type Secret struct {
	Type uint32 // SecretTLSKeyLog, or another that is registered
	Data []byte
}

// SecretTLSKeyLog is the Type of a TLS key log.
const SecretTLSKeyLog = 0x544c534b

func (f *File) addSecret(body []byte) error {
	if len(body) < 8 {
		return f.damaged(f.win.offset(), "decryption secrets too short")
	}
	size := f.ng.uint32(body[4:])
	if int64(size) > int64(len(body)-8) {
		return f.damaged(f.win.offset(), fmt.Sprintf("decryption secrets of %d bytes in a block of %d", size, len(body)+ngBlockFrame))
	}
	if len(f.secrets) == maxSecrets || f.secretBytes+int(size) > maxSecretBytes {
		f.stats.Dropped++
		return nil
	}
	f.secretBytes += int(size)
	f.secrets = append(f.secrets, Secret{Type: f.ng.uint32(body), Data: bytes.Clone(body[8 : 8+size])})
	return nil
}
