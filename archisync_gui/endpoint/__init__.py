"""The local HTTP endpoint: security checks, routes, event streams, pairing, the order form's files. What runs and when
is decided by the orchestrator.

This package imports nothing; the endpoint is in ``archisync_gui.endpoint.server``.
"""
