"""Of which office a profile is a member: ``office.json`` in its folder. No password lies there. After leaving:
which records the office watched, until the panel has taken them into its memory."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archisync_gui.disk import read_json, replace_file
from archisync_gui.model import Json

log = logging.getLogger(__name__)

FILE = "office.json"
LEFT_WATCHES = "office-watches.json"


@dataclass(frozen=True, slots=True)
class Membership:
    """What a member needs to know besides the password."""

    url: str
    """``postgresql://…``, without a password."""
    may_lead: bool = True
    """False: this computer never reads the ERP for the others."""

    @property
    def place(self) -> str:
        """The office's name for people."""
        return self.url.partition("@")[2] or self.url


def membership(folder: Path) -> Membership | None:
    """Of which office the profile in ``folder`` is a member; ``None``: of none. Raises :class:`StoreError`
    ``office-file-unreadable``: whoever cannot know must not read the ERP by itself. Blocking."""
    file = folder / FILE
    try:
        kept = read_json(file)
        url, may_lead = kept["url"], kept.get("may_lead", True)
        if not isinstance(url, str) or not isinstance(may_lead, bool):
            raise TypeError("no membership")
        return Membership(url, may_lead)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused("office-file-unreadable", str(file)) from error


def refuse_member(folder: Path) -> None:
    """Raise :class:`StoreError` ``office-profile`` for the profile of a member. Blocking."""
    joined = membership(folder)
    if joined is not None:
        raise _refused("office-profile", joined.place)


def _refused(code: str, path: str) -> Exception:
    from archisync_gui.store.errors import StoreError  # loads SQLAlchemy, which every command would wait for

    return StoreError(code, path=path)


def keep(folder: Path, joined: Membership) -> None:
    """The profile is a member from now on. Blocking."""
    replace_file(folder / FILE, json.dumps({"url": joined.url, "may_lead": joined.may_lead}))


def forget(folder: Path) -> None:
    """The profile is a member no longer. Blocking."""
    (folder / FILE).unlink(missing_ok=True)


def leave_watches(folder: Path, rows: Mapping[str, Json]) -> None:
    """Keep the office's watched records for the panel's next start. Blocking. Raises ``OSError``."""
    replace_file(folder / LEFT_WATCHES, json.dumps(rows))


def left_watches(folder: Path) -> Mapping[str, Json] | None:
    """The watched records of the office that was left (``shared_rows``), until they are forgotten; ``None``: there are
    none. Blocking."""
    try:
        rows = read_json(folder / LEFT_WATCHES)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("the watched records of the office that was left cannot be read: %s", error)
        return None
    return rows if isinstance(rows, dict) else None


def forget_watches(folder: Path) -> None:
    """The panel has the watched records, or another office has. Blocking."""
    (folder / LEFT_WATCHES).unlink(missing_ok=True)
