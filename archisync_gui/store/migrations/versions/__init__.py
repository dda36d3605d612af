"""The versions of the fixed tables, oldest first by name."""
