"""The composition root: creates and connects the parts. ``core`` needs no Qt; ``desktop`` runs the panel."""
