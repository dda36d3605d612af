"""Files and printed pages that the panel makes for people."""
