package exfil

// Within implements detectors.Limited.
func (d *Detector) Within(entities int) {
	d.within = entities
	d.senders.Within(entities)
	d.seen.Within(entities)
}
