"""Which reads of each list were examined for watched records. Kept over restarts: a start examines the reads since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archisync_gui.model import STORED
from archisync_gui.ui.live.context import WATCHES, Context

if TYPE_CHECKING:
    from archisync_gui.store.store import Store

SEEN_READS = f"{WATCHES}-looked"
"""Key in the window's memory."""

LONGEST_RUN = timedelta(hours=12)
"""Upper limit of a run's duration: how far before its end its changes are searched."""

IDS_KEPT = 40
"""Latest runs of a list whose ids are kept: the time of an event and that of its run can differ by milliseconds."""

MOST_MISSED = 500
"""Most runs of a list that are examined after a start; the newest ones."""


class SeenReads:
    """By list: the end of the latest read that was examined, and the ids of the latest ones."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lists: dict[str, tuple[datetime, tuple[str, ...]]] = _read(context.recall(SEEN_READS))

    def has(self, name: str, run_id: str) -> bool:
        """True when that read was examined."""
        return name in self._lists and run_id in self._lists[name][1]

    def skip_earlier(self, name: str) -> None:
        """Do not examine reads that ended before now."""
        self._lists[name] = self._context.now(), ()
        self._keep()

    async def unseen(self, store: Store, name: str) -> list[tuple[str, datetime]]:
        """Id and end of the reads that stored rows since the last examined one, oldest first."""
        if name not in self._lists:
            self.skip_earlier(name)
        since, known = self._lists[name]
        runs = await store.runs(name, tuple(STORED), since=since - LONGEST_RUN, limit=MOST_MISSED)
        return [
            (run.id, run.ended) for run in reversed(runs) if run.ended and run.ended > since and run.id not in known
        ]

    def put(self, name: str, runs: Sequence[tuple[str, datetime]]) -> None:
        """These reads were examined."""
        if runs:
            since, known = self._lists[name]
            ids = (*known, *(run for run, _ in runs))[-IDS_KEPT:]
            self._lists[name] = max(since, *(ended for _, ended in runs)), ids
            self._keep()

    def _keep(self) -> None:
        kept = {name: [at.isoformat(), *ids] for name, (at, ids) in self._lists.items()}
        self._context.remember(SEEN_READS, json.dumps(kept))


def _read(text: str) -> dict[str, tuple[datetime, tuple[str, ...]]]:
    """The kept text, parsed; empty where it cannot be parsed."""
    try:
        found = json.loads(text) if text else {}
        read = {name: (datetime.fromisoformat(at), tuple(map(str, ids))) for name, (at, *ids) in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
    return {name: entry for name, entry in read.items() if entry[0].tzinfo is not None}
