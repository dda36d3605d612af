"""The office of which a profile is a member: ``office.json`` in its folder, without the password. After leaving an
office: the records that it watched, until the panel has taken them over."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archisync_gui.disk import read_json, remove_file, replace_file
from archisync_gui.model import Json

log = logging.getLogger(__name__)

FILE = "office.json"
LEFT_WATCHES = "office-watches.json"


@dataclass(frozen=True, slots=True)
class Membership:
    """What a member needs besides the password."""

    url: str
    """``postgresql://…``, without a password."""
    may_lead: bool = True
    """False: this computer never becomes the leader, which reads the ERP."""

    @property
    def place(self) -> str:
        """The office's name, for messages."""
        return self.url.partition("@")[2] or self.url


def membership(folder: Path) -> Membership | None:
    """The membership of the profile in ``folder``; ``None``: it is no member. Raises :class:`StoreError`
    ``office-file-unreadable``, since a possible member must not read the ERP as a single computer. Blocking."""
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
    from archisync_gui.store.errors import StoreError  # imports SQLAlchemy, which would slow down every command

    return StoreError(code, path=path)


def keep(folder: Path, joined: Membership) -> None:
    """Store that the profile is a member. Blocking."""
    replace_file(folder / FILE, json.dumps({"url": joined.url, "may_lead": joined.may_lead}))


def forget(folder: Path) -> None:
    """Store that the profile is no member any more. Blocking."""
    remove_file(folder / FILE)


def leave_watches(folder: Path, rows: Mapping[str, Json]) -> None:
    """Store the office's watched records for the panel's next start. Blocking. Raises ``OSError``."""
    replace_file(folder / LEFT_WATCHES, json.dumps(rows))


def left_watches(folder: Path) -> Mapping[str, Json] | None:
    """The watched records (``shared_rows``) of the office that was left; ``None``: there are none. Blocking."""
    try:
        rows = read_json(folder / LEFT_WATCHES)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("the watched records of the office that was left cannot be read: %s", error)
        return None
    return rows if isinstance(rows, dict) else None


def forget_watches(folder: Path) -> None:
    """Remove the stored watched records, since the panel or another office has them. Blocking."""
    remove_file(folder / LEFT_WATCHES)
