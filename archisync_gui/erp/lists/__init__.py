"""Reading a list: its state as the user left it, its pages, single records."""
