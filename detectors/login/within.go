package login

// Within implements detectors.Limited.
func (d *Detector) Within(entities int) {
	d.within = entities
	d.accounts.Within(entities)
	d.hosts.Within(entities)
	d.pairs.Within(entities)
	d.clients.Within(entities)
	d.legacy.Within(entities)
	d.floored.Within(entities)
}
