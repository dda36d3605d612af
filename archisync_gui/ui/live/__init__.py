"""Connects the widgets with the running program: services, events, the operator's actions, data read from the store."""
