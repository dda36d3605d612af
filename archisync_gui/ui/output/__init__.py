"""Files that the panel writes for people."""
