"""The signed list of versions: checking its signature, parsing it, comparing versions; no network and no file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FORMAT = 1
"""Version of the list's format. A list with a higher one is for later versions of the program."""

PRODUCT = "archisync-gui"

CLOCK_TOLERANCE = timedelta(days=1)
"""If a list was issued more than this after the computer's time, the computer's clock is wrong."""

MOST_VERSIONS = 200


class UpdatesError(Exception):
    """The list could not be used. ``code`` names its text in ``resources/messages/updates.toml``."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(f"{code} {params}")
        self.code = code
        self.params: Mapping[str, str | int] = params


@dataclass(frozen=True, slots=True)
class Source:
    """The list's address, and the key of its signature."""

    address: str
    public_key: str
    """A minisign public key (the line in base64). Empty: this build has none, so the list is never downloaded."""


@dataclass(frozen=True, slots=True)
class Version:
    """One released version, as the list describes it."""

    name: str
    """As in the list, for example ``1.2.0``."""
    numbers: tuple[int, ...]
    date: str
    """Day of the release, ``YYYY-MM-DD``."""
    it: str
    """What is new, in Italian."""
    en: str
    page: str
    """Address (https) of its download page; empty if the list has no valid one."""
    security: bool
    """It fixes a vulnerability."""


@dataclass(frozen=True, slots=True)
class VersionList:
    """The content of a list, after its signature was checked."""

    serial: int
    """Higher for each newer list."""
    issued: datetime
    expires: datetime
    """Until when a newer list has to be published; the owner signs one in time, also without a new version."""
    versions: tuple[Version, ...]
    """Newest first."""


def read_source(path: Path) -> Source:
    """Address and key of this build. Without key if the file is missing or invalid."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        values = {}
    address, key = values.get("address"), values.get("public_key")
    return Source(address if isinstance(address, str) else "", key.strip() if isinstance(key, str) else "")


def verify(content: bytes, signature: bytes, public_key: str) -> None:
    """Check the minisign signature. Raises :class:`UpdatesError`: ``updates-no-key`` (the key of this build cannot be
    read), ``updates-signature-unreadable``, ``updates-wrong-key`` (signed with another key) or
    ``updates-wrong-signature``."""
    import minisign  # imports ``cryptography``; needed once a day at most

    try:
        key = minisign.PublicKey.from_base64(public_key)
    except minisign.ParseError as error:
        raise UpdatesError("updates-no-key") from error
    try:
        read = minisign.Signature.from_bytes(signature)
        signer = _key_id(bytes(read).splitlines()[1])
        trusted = read.trusted_comment
    except (minisign.ParseError, ValueError, IndexError) as error:
        raise UpdatesError("updates-signature-unreadable") from error
    if signer != _key_id(public_key.encode("ascii")):
        raise UpdatesError("updates-wrong-key", signer=signer)
    try:
        key.verify(content, read)
    except minisign.Error as error:
        raise UpdatesError("updates-wrong-signature", comment=trusted[:80]) from error


def _key_id(base64_line: bytes) -> str:
    """The key id in the format of minisign, from the base64 line of a public key or a signature."""
    import base64

    return base64.b64decode(base64_line)[2:10][::-1].hex().upper()


def read_list(content: bytes) -> VersionList:
    """Parse a list whose signature was checked. Versions whose names are not valid here are left out. Raises
    :class:`UpdatesError` ``updates-unreadable`` or ``updates-newer-format``."""
    import json

    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UpdatesError("updates-unreadable") from error
    if not isinstance(document, dict) or document.get("product") != PRODUCT:
        raise UpdatesError("updates-unreadable")
    format_ = _whole(document.get("format"))
    if format_ > FORMAT:
        raise UpdatesError("updates-newer-format", format=format_)
    entries = document.get("versions")
    if not isinstance(entries, list) or len(entries) > MOST_VERSIONS:
        raise UpdatesError("updates-unreadable")
    found = [version for entry in entries if (version := _version(entry)) is not None]
    return VersionList(
        serial=_whole(document.get("serial")),
        issued=_moment(document.get("issued")),
        expires=_moment(document.get("expires")),
        versions=tuple(sorted(found, key=lambda version: version.numbers, reverse=True)),
    )


def numbers(name: object) -> tuple[int, ...] | None:
    """A version's numbers, for comparing; ``None`` for a name that is no released version (``2.0.0rc1``, ``v1``).

    Without zeros at the end, so that ``1.2`` and ``1.2.0`` are equal.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}", name, re.ASCII):
        return None
    found = [int(part) for part in name.split(".")]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def installed_numbers(name: str) -> tuple[int, ...]:
    """The numbers of the running version. A release candidate (``1.2.0rc1``) gets numbers just below those of its
    release, so that ``1.2.0`` is newer. Empty for a name without numbers."""
    exact = numbers(name)
    if exact is not None:
        return exact
    found = re.match(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}", name, re.ASCII)
    final = numbers(found[0]) if found is not None else None
    if not final:
        return ()
    *head, last = final
    return (*head, last - 1, 999_999)


def newer(found: VersionList, installed: str) -> tuple[Version, ...]:
    """The versions that are newer than the installed one, newest first."""
    mine = installed_numbers(installed)
    return tuple(version for version in found.versions if version.numbers > mine)


def refuse_older(found: VersionList, seen: VersionList | None) -> None:
    """Raise :class:`UpdatesError` ``updates-older`` for a list that is older than the one accepted last (a rollback, to
    hide newer versions)."""
    if seen is not None and (found.serial, found.issued) < (seen.serial, seen.issued):
        day = f"{seen.issued:%Y-%m-%d}"
        raise UpdatesError("updates-older", found=found.serial, seen=seen.serial, day=day)


def doubt(found: VersionList, now: datetime) -> UpdatesError | None:
    """What is doubtful about an accepted list at the computer's time ``now``; ``None``: nothing.

    ``updates-expired``: newer lists may be withheld. ``updates-clock``: the computer's clock shows a time before the
    list was issued, so it is wrong, and the expiry cannot be checked.
    """
    if found.expires <= max(now, found.issued):
        return UpdatesError("updates-expired", day=f"{found.expires:%Y-%m-%d}")
    if found.issued - now > CLOCK_TOLERANCE:
        return UpdatesError("updates-clock", day=f"{found.issued:%Y-%m-%d}")
    return None


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise UpdatesError("updates-unreadable")
    return value


def _moment(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(value)  # type: ignore[arg-type]
        if found.tzinfo is None:
            raise ValueError("a time without offset")
        return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise UpdatesError("updates-unreadable") from error


def _version(entry: Any) -> Version | None:
    if not isinstance(entry, dict):
        return None
    found = numbers(entry.get("version"))
    if not found:
        return None
    return Version(
        name=entry["version"],
        numbers=found,
        date=_text(entry.get("date"), 10),
        it=_text(entry.get("it"), 2000),
        en=_text(entry.get("en"), 2000),
        page=_page(entry.get("page")),
        security=entry.get("security") is True,
    )


def _text(value: object, most: int) -> str:
    """A text without characters that hide or reorder text; line ends are kept."""
    from archisync_gui.plaintext import one_line

    if not isinstance(value, str):
        return ""
    return "\n".join(one_line(line) for line in value[:most].splitlines())


def _page(value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme == "https" and parts.hostname and not parts.username else ""
