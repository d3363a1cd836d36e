package volume

// Within implements detectors.Limited.
func (d *Detector) Within(entities int) {
	d.hosts.Within(entities)
}
