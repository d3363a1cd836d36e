// Package mime tells the facts about a message: who wrote it, how it came, and
// what is attached to it. It is shared by the parsers of every protocol that
// carries messages. A message is pushed through in pieces of any size and is
// never held: header fields are read one at a time, of bodies only the
// boundaries between parts are looked for, and only attachments are decoded, to
// count and hash them, and text where its links are asked for. The time is linear in the input, whatever it is.
//
// The grammar is that of RFC 5322 (header fields, addresses), RFC 2045 and 2046
// (media types, encodings, multiparts), RFC 2047 (encoded words), RFC 2183
// (disposition) and RFC 2231 (parameters). What real senders make of it is
// tolerated: nothing here fails.
//
// Ownership: slices given to Write are borrowed for the call. Facts hands the
// parser's own bytes to a copy function of the caller, which decides where they
// live. A Parser has room for an ordinary message in itself, keeps moderate buffers
// that others made it grow, and is used by one goroutine at a time. It points into
// itself: it must not be copied.
package mime
