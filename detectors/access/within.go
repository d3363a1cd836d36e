package access

// Within implements detectors.Limited.
func (d *Detector) Within(entities int) {
	d.within = entities
	d.hosts.Within(entities)
}
