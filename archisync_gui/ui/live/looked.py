"""Which reads of each list were looked at for watched records; kept, so that none is missed while the panel is away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archisync_gui.model import STORED
from archisync_gui.ui.live.context import WATCHES, Context

if TYPE_CHECKING:
    from archisync_gui.store.store import Store

LOOKED = f"{WATCHES}-looked"
"""Name under which the window's memory keeps it."""

RUN = timedelta(hours=12)
"""The most that a run lasts: how far back its lines are looked for."""

KNOWN = 40
"""Runs of a list that are known by their ids: the time of an event is not to the millisecond that of its run."""

MOST = 500
"""Missed runs of a list that are looked at, the newest ones."""


class LookedAt:
    """By list: when the latest read ended that was looked at, and which ones were."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lists: dict[str, tuple[datetime, tuple[str, ...]]] = _read(context.recall(LOOKED))

    def has(self, name: str, run_id: str) -> bool:
        """That read was looked at."""
        return name in self._lists and run_id in self._lists[name][1]

    def from_now(self, name: str) -> None:
        """Reads up to now are not looked at."""
        self._lists[name] = self._context.now(), ()
        self._keep()

    async def missed(self, store: Store, name: str) -> list[tuple[str, datetime]]:
        """Id and end of the reads that stored something since the last one looked at, oldest first."""
        if name not in self._lists:
            self.from_now(name)
        since, known = self._lists[name]
        runs = await store.runs(name, tuple(STORED), since=since - RUN, limit=MOST)
        return [
            (run.id, run.ended) for run in reversed(runs) if run.ended and run.ended > since and run.id not in known
        ]

    def put(self, name: str, runs: Sequence[tuple[str, datetime]]) -> None:
        """These reads were looked at."""
        if runs:
            since, known = self._lists[name]
            ids = (*known, *(run for run, _ in runs))[-KNOWN:]
            self._lists[name] = max(since, *(ended for _, ended in runs)), ids
            self._keep()

    def _keep(self) -> None:
        kept = {name: [at.isoformat(), *ids] for name, (at, ids) in self._lists.items()}
        self._context.remember(LOOKED, json.dumps(kept))


def _read(text: str) -> dict[str, tuple[datetime, tuple[str, ...]]]:
    """What was kept; what cannot be read is left out."""
    try:
        found = json.loads(text) if text else {}
        read = {name: (datetime.fromisoformat(at), tuple(map(str, ids))) for name, (at, *ids) in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
    return {name: one for name, one in read.items() if one[0].tzinfo is not None}
