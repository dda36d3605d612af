"""Dialogs: run details, refused reads, first run, and the small ones."""
