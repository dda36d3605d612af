"""Words of the panel: language, phrases for states and events, values as people read them."""
