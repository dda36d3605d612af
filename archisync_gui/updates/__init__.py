"""Check for newer versions: reads a signed list from a fixed address. Installs nothing."""
