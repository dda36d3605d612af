"""Files of a profile that may name a customer: searching them, and cleaning those that are no database."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from archisync_gui.app import logs
from archisync_gui.app.profile_folder import LOCK
from archisync_gui.disk import replace_file
from archisync_gui.store.database import SIDES
from archisync_gui.store.keys import folded
from archisync_gui.store.whose import Customer, searched

log = logging.getLogger(__name__)

MEMORY = "window.ini"
"""File with the window's state and the watched records."""
WATCHES = re.compile(r'^watches="(.*)"(?=\r?$)', re.MULTILINE)
"""The watched records in :data:`MEMORY`: JSON, with escaped quotation marks and backslashes. On Windows lines have a
carriage return at the end."""


def _texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files in the log's folder with their texts."""
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if file.is_file():
            yield file, file.read_bytes().decode("utf-8", "replace")


def clean_logs(folder: Path, customer: Customer) -> int:
    """Replace what names the customer by ``[…]``; returns the number of files changed."""
    changed = 0
    for file, before in _texts(folder):
        after = customer.blanked(before)
        if after != before:
            with logs.set_down(file):
                replace_file(file, after)
            changed += 1
    return changed


def log_lines(folder: Path, customer: Customer) -> list[dict[str, Any]]:
    """The lines of the log that name the customer."""
    return [
        {"file": file.name, "line": line}
        for file, text in _texts(folder)
        for line in text.splitlines()
        if customer.mentioned(line)
    ]


def watched(folder: Path, customer: Customer, numbers: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The watches of the customer's record and orders. ``numbers``: keys of the customer's orders."""
    return [watch for watch in _watches(_memory(folder)) if customer.watched(watch, frozenset(numbers))]


def unwatch(folder: Path, customer: Customer, numbers: Iterable[str] = ()) -> int:
    """Remove these watches, and other texts that name the customer, from :data:`MEMORY`; returns the number of
    watches."""
    before, orders = _memory(folder), frozenset(numbers)
    found = _watches(before)
    kept = [watch for watch in found if not customer.watched(watch, orders)]
    count = len(found) - len(kept)
    escaped = json.dumps(kept).replace("\\", "\\\\").replace('"', '\\"')
    after = WATCHES.sub(lambda _: f'watches="{escaped}"', before) if count else before
    after = customer.blanked(after)
    if after != before:
        replace_file(folder / MEMORY, after)
    return count


def _memory(folder: Path) -> str:
    file = folder / MEMORY
    return file.read_bytes().decode("utf-8", "replace") if file.is_file() else ""


def _watches(memory: str) -> list[dict[str, Any]]:
    found = WATCHES.search(memory)
    try:
        kept = json.loads(re.sub(r"\\(.)", r"\1", found[1])) if found is not None else []
    except ValueError:
        return []
    return [watch for watch in kept if isinstance(watch, dict)] if isinstance(kept, list) else []


def parts_of(database: Path) -> list[Path]:
    """The existing files of a database, including its write-ahead log."""
    sides = (database.with_name(database.name + side) for side in ("", *SIDES))
    return [part for part in sides if part.is_file()]


def files_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """All files of a folder, and the folders within it that could not be listed."""
    unlisted: list[Path] = []
    walk = os.walk(folder, onerror=lambda error: unlisted.append(Path(error.filename)))
    return sorted(Path(place, name) for place, _, names in walk for name in names), unlisted


def holding(files: Iterable[Path], customer: Customer) -> tuple[list[Path], list[Path]]:
    """The files that contain the customer, and those that could not be read (no error is raised for these, since this
    is used after erasing). The lock file is skipped: it is empty, and cannot be read on Windows."""
    found: list[Path] = []
    unread: list[Path] = []
    for file in files:
        try:
            if file.name != LOCK and file.is_file() and _holds(file, customer):
                found.append(file)
        except FileNotFoundError:  # removed meanwhile
            continue
        except OSError as error:
            log.warning("%s could not be looked at for a customer's data: %s", file, error)
            unread.append(file)
    return found, unread


def _holds(file: Path, customer: Customer) -> bool:
    """Whether a file contains one of the customer's values in any form of writing. In databases also within a word,
    since values may follow each other without separator."""
    text = file.read_bytes().decode("utf-8", "replace")
    values = [value for value in customer.values | customer.codes if searched(value)]
    quoted = (json.dumps(value, ensure_ascii=plain)[1:-1] for value in values for plain in (True, False))
    forms = {form for once in quoted for form in (once, once.replace("\\", "\\\\"))}
    forms |= {form for value in values for form in (value, repr(value)[1:-1], folded(value))}
    lower = text.lower()
    if any(form.lower() in lower for form in forms):
        return True
    return ".db" not in file.name and customer.mentioned(text)
