package bulk

// Within implements detectors.Limited.
func (d *Detector) Within(entities int) {
	d.within = entities
	d.accounts.Within(entities)
	d.hosts.Within(entities)
}
