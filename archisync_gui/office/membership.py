"""Of which office a profile is a member: ``office.json`` in its folder. No password lies there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from archisync_gui.disk import read_json, replace_file

FILE = "office.json"


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
