"""Whether there is a newer version: asks a static address for a signed list. Nothing here installs anything."""
