"""A draft and what can be wrong with a save of one, as values; no storage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from archisync_gui.model import AccountId, Json


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that is being written."""

    id: str
    """Chosen by the client."""
    account: AccountId
    version: int
    """1 for the first save, increased with each further one; the ``ETag`` of the endpoint."""
    created_at: datetime
    updated_at: datetime
    document: Mapping[str, Json]


class DraftsFull(Exception):
    """The account has too many drafts or bytes; nothing was written."""


class DraftConflict(Exception):
    """The client's version is not the present one. ``current``: the stored draft; ``None``: there is none."""

    def __init__(self, draft_id: str, current: Draft | None) -> None:
        super().__init__(
            f"draft {draft_id}: {'no such draft' if current is None else f'is at version {current.version}'}"
        )
        self.current = current


def text_of(document: Mapping[str, Json]) -> str:
    """The stored form of a document."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True)


def digest(document: Mapping[str, Json] | str) -> str:
    """A hash of a document or of its stored text; equal for equal documents."""
    text = document if isinstance(document, str) else text_of(document)
    return hashlib.sha256(text.encode()).hexdigest()
