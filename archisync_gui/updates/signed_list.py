"""The signed list of versions: its signature, its content and what can be said of it; no network and no file."""

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
"""Layout of the list. A list of another layout is for later programs."""

PRODUCT = "archisync-gui"

CLOCK_TOLERANCE = timedelta(days=1)
"""A list that was issued so much later than this computer's time shows that the computer's clock is wrong."""

MOST_VERSIONS = 200


class UpdatesError(Exception):
    """The list could not be used. ``code`` names its text in ``resources/messages/updates.toml``."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(f"{code} {params}")
        self.code = code
        self.params: Mapping[str, str | int] = params


@dataclass(frozen=True, slots=True)
class Source:
    """Where the list lies and whose signature counts."""

    address: str
    public_key: str
    """A minisign public key (the line in base64). Empty: this build was made without one, so nothing is asked."""


@dataclass(frozen=True, slots=True)
class Version:
    """One released version, as the list describes it."""

    name: str
    """As written, for example ``1.2.0``."""
    numbers: tuple[int, ...]
    date: str
    """Day of the release, ``YYYY-MM-DD``."""
    it: str
    """What is new, in Italian."""
    en: str
    page: str
    """Address (https) of the page to download it from; empty if the list names none that can be opened."""
    security: bool
    """It mends a weakness."""


@dataclass(frozen=True, slots=True)
class VersionList:
    """A list whose signature is good."""

    serial: int
    """Higher for each newer list."""
    issued: datetime
    expires: datetime
    """When a newer list should have been published; the owner signs one in time even if there is no new version."""
    versions: tuple[Version, ...]
    """Newest first."""


def read_source(path: Path) -> Source:
    """Address and key of this build. A file that is missing or not as expected gives a source without a key."""
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
    import minisign  # takes `cryptography` along; needed once a day at most

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
    """The key's number as minisign prints it, from the line of a public key or of a signature."""
    import base64

    return base64.b64decode(base64_line)[2:10][::-1].hex().upper()


def read_list(content: bytes) -> VersionList:
    """Read a list whose signature was checked. A version whose name is not understood is left out: it may be of a later
    kind. Raises :class:`UpdatesError` ``updates-unreadable`` or ``updates-newer-format``."""
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
    """A version's numbers, comparable; ``None`` for what is no released version (``2.0.0rc1``, ``v1``, ``1.2-3``).

    Zeros at the end do not count, so that ``1.2`` and ``1.2.0`` are the same version.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}", name, re.ASCII):
        return None
    found = [int(part) for part in name.split(".")]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def installed_numbers(name: str) -> tuple[int, ...]:
    """The numbers of the running version. Of ``1.2.0rc1`` those of the version before it counts as: ``1.2.0`` is
    newer than its own candidate, so the candidate is just below it."""
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
    """The versions above the installed one, newest first."""
    mine = installed_numbers(installed)
    return tuple(version for version in found.versions if version.numbers > mine)


def refuse_older(found: VersionList, seen: VersionList | None) -> None:
    """Raise :class:`UpdatesError` ``updates-older`` for a list that comes before one that was seen: somebody serves an
    old list so that newer versions stay unknown."""
    if seen is not None and (found.serial, found.issued) < (seen.serial, seen.issued):
        day = f"{seen.issued:%Y-%m-%d}"
        raise UpdatesError("updates-older", found=found.serial, seen=seen.serial, day=day)


def doubt(found: VersionList, now: datetime) -> UpdatesError | None:
    """What is doubtful about an accepted list at the computer's time ``now``; ``None``: nothing.

    A list past its end is *frozen*: newer ones may be withheld. The time of a signed list is certain, so a clock that
    shows an earlier time is wrong, and then nothing can be said about the end.
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
    """Text without characters that hide or reorder what is read; its line ends stay."""
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
