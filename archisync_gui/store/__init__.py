"""SQLite or PostgreSQL through SQLAlchemy Core: schema, migrations, delta, history. No SQL runs on the event loop's
thread."""

from archisync_gui.store.errors import Overtaken, StoreError
from archisync_gui.store.journal import StoreJournal
from archisync_gui.store.keys import natural_key, row_key
from archisync_gui.store.store import Store
from archisync_gui.store.types import (
    Accepted,
    Ages,
    Batch,
    Change,
    ChangeKind,
    Counts,
    Delta,
    FoundList,
    Known,
    Page,
    RefusedKind,
    RefusedRead,
    Removed,
    SearchPage,
    Selection,
    Sizes,
    StoredEvent,
    StoredRow,
)

__all__ = [
    "Accepted",
    "Ages",
    "Batch",
    "Change",
    "ChangeKind",
    "Counts",
    "Delta",
    "FoundList",
    "Known",
    "Overtaken",
    "Page",
    "RefusedKind",
    "RefusedRead",
    "Removed",
    "SearchPage",
    "Selection",
    "Sizes",
    "Store",
    "StoreError",
    "StoreJournal",
    "StoredEvent",
    "StoredRow",
    "natural_key",
    "row_key",
]
