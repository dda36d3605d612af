"""One pipeline read → check → apply, run for each declaration."""

from archisync_gui.syncs.runner import SyncRunner

__all__ = ["SyncRunner"]
