"""The local HTTP endpoint: security, routes, event streams, pairing, the order form's files; it decides nothing.

Import ``archisync_gui.endpoint.server`` where the endpoint is really started: this package imports nothing heavy.
"""
