"""The pipeline read → check → apply, the same for all lists."""

from archisync_gui.syncs.runner import SyncRunner

__all__ = ["SyncRunner"]
