"""What the panel showed last (names of lists, times of their reads), the small file that keeps it, and its words.

The words are not translated by Qt: loading its translations would take longer than painting the first picture.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from archisync_gui.disk import read_json
from archisync_gui.messages import system_language

if TYPE_CHECKING:
    from archisync_gui.model import Status

FILE = "last-known.json"
"""Name of the file in the profile: names of lists, times, language and appearance; no data of customers."""

VERSION = 1

LISTS = 6
"""Number of lists that are drawn as grey bars when nothing is known."""

GREY_BARS = ((0.0, 0.09), (0.16, 0.14), (0.38, 0.2), (0.7, 0.08))
"""Left edge and width of the grey bars of such a list, as fractions of the table's width."""

TALLEST = 1.6
"""Height of a list's row at most, where there is room, relative to the height that its text needs."""

PAGES = {
    "it": ("Panoramica", "Dati", "Riepilogo", "Cronologia", "Impostazioni"),
    "en": ("Overview", "Data", "Summary", "History", "Settings"),
}
"""Titles of the pages in the side bar, by language."""

BUTTONS = {"it": ("Modulo ordini", "Prova un guasto"), "en": ("Order form", "Try a fault")}
"""Texts of the buttons below them. The first picture does not show these, but they can make the side bar wider."""

WORDS: dict[str, dict[str, str]] = {
    "it": {
        "starting": "Avvio in corso…",
        "known": "ultimi dati noti: l'ERP non è ancora stato letto",
        "nothing": "apertura dell'archivio e del browser",
        "list": "Elenco",
        "read": "Aggiornato",
        "never": "non si sa quando",
        "soon": "meno di 1 min fa",
        "minutes": "{} min fa",
        "hours": "{} h fa",
        "day": "1 giorno fa",
        "days": "{} giorni fa",
    },
    "en": {
        "starting": "Starting…",
        "known": "last known data: the ERP has not been read yet",
        "nothing": "opening the archive and the browser",
        "list": "List",
        "read": "Updated",
        "never": "not known",
        "soon": "less than 1 min ago",
        "minutes": "{} min ago",
        "hours": "{} h ago",
        "day": "1 day ago",
        "days": "{} days ago",
    },
}


class LastKnown(NamedTuple):
    """What the panel showed last; the content of the file."""

    language: str
    """``it`` or ``en``."""
    appearance: str
    """``system``, ``light`` or ``dark``."""
    lists: tuple[tuple[str, datetime | None], ...]
    """The title of each list, and the time of its last complete read (UTC), if there was one."""

    def text(self) -> str:
        """The file's content."""
        lists = [[title, read.isoformat() if read is not None else None] for title, read in self.lists]
        return json.dumps(
            {"version": VERSION, "language": self.language, "appearance": self.appearance, "lists": lists},
            ensure_ascii=False,
        )


def of_status(status: Status, title: Callable[[str], str], language: str, appearance: str) -> LastKnown:
    """The last complete read of each list in a status; with several accounts the oldest of them."""
    lists = []
    for name, of_type in status.statuses.items():
        reads = [account.all_as_of for account in of_type.accounts]
        known = [read for read in reads if read is not None]
        lists.append((title(name), min(known).astimezone(UTC) if known and len(known) == len(reads) else None))
    return LastKnown(language, appearance, tuple(lists))


def read_last_known(folder: Path) -> LastKnown | None:
    """The content of the file in the profile's folder; ``None`` if it is missing, damaged or of another version."""
    try:
        found = read_json(folder / FILE)
        if found["version"] != VERSION or found["language"] not in WORDS:
            return None
        if found["appearance"] not in ("system", "light", "dark") or len(found["lists"]) > 20:
            return None
        lists = []
        for title, read in found["lists"]:
            if not isinstance(title, str):
                return None
            lists.append((title[:60], datetime.fromisoformat(read).astimezone(UTC) if read is not None else None))
        return LastKnown(found["language"], found["appearance"], tuple(lists))
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None


def age(read: datetime | None, now: datetime, words: dict[str, str]) -> str:
    """How long ago a read was; unknown if it lies in the future, since the clock was set back."""
    if read is None or read > now:
        return words["never"]
    minutes = int((now - read).total_seconds() // 60)
    if minutes < 60:
        return words["minutes"].format(minutes) if minutes else words["soon"]
    if minutes < 24 * 60:
        return words["hours"].format(minutes // 60)
    days = minutes // (24 * 60)
    return words["day"] if days == 1 else words["days"].format(days)


def language_of(known: LastKnown | None) -> str:
    """The language that the panel had last; the system's if that is not known."""
    return known.language if known is not None else system_language()


def words_of(known: LastKnown | None) -> dict[str, str]:
    """The words of the first picture in that language."""
    return WORDS[language_of(known)]


def status_sentence(known: LastKnown | None) -> str:
    """The sentence below the title of the first picture."""
    return words_of(known)["known" if known is not None and known.lists else "nothing"]


def lines(known: LastKnown | None) -> list[tuple[str, str]]:
    """The name of each list and the age of its last known read."""
    now, words = datetime.now(UTC), words_of(known)
    return [(title, age(read, now, words)) for title, read in (known.lists if known is not None else ())]
