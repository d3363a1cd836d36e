package forward

// Within implements detectors.Limited.
func (d *Detector) Within(entities int) {
	d.within = entities
	d.messages.Within(entities)
	d.pairs.Within(entities)
	d.boxes.Within(entities)
	d.targets.Within(entities)
	d.contacts.Within(entities)
}
