// Package summary counts who sent and downloaded what, and says how far each
// count can be believed.
package summary
