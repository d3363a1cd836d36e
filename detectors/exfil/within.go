package exfil

// Within implements detectors.Limited.
func (d *Detector) Within(entities int) {
	d.senders.Within(entities)
	d.seen.Within(entities)
}
