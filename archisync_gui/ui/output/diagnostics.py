"""The diagnostics bundle: its files, and the removal of secrets and personal data from them. No widget.

Removed are: passwords, tokens, cookies and keys, recognised by their form or name; e-mail addresses, phone, VAT, fiscal
and bank numbers, recognised by their form; and every stored value of a column declared *personal*, wherever it occurs.
"""

from __future__ import annotations

import asyncio
import json
import platform
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from archisync_gui.disk import replacing
from archisync_gui.model import Status, as_json
from archisync_gui.system import sys_platform, windows_library
from archisync_gui.ui.live.services import Services, account_ids
from archisync_gui.ui.text.i18n import tr

REMOVED = "«removed»"

_NAMED = re.compile(
    r"(?i)\b(password|passwd|pwd|token|secret|authorization|bearer|cookie|set-cookie|api[-_]?key)"
    r"(\"?\s*[:=]\s*\"?|\s+)(bearer\s+)?([^\s\"',;&]+)"
)
_LOOKS = (
    re.compile(r"(?<=[#?&]code=)[\w-]+"),  # one-time codes of the order form
    re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{22,}(?![\w-])"),  # base64url secrets
    re.compile(r"(?<!\w)[0-9a-fA-F]{32,}(?!\w)"),  # keys and fingerprints in hex
    re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"),  # e-mail addresses
    re.compile(r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b"),  # Italian fiscal codes
    re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"),  # bank accounts (IBAN)
    re.compile(r"(?<![\d.:-])(?:IT)?\d{11}(?!\d)"),  # VAT numbers
    re.compile(r"(?<![\w.:-])(?:\+|00)39[ .]?\d[\d ./]{6,13}\d"),  # Italian phone numbers with their prefix
    re.compile(r"(?<![\w.:,-])[03]\d{1,3}[ ./]\d[\d ./]{4,9}\d"),  # … and without
)

_WORD = re.compile(r"\w+")


class Scrubber:
    """Removes secrets and personal data from texts."""

    def __init__(self, personal: Iterable[str] = (), replaced: Sequence[tuple[str, str]] = ()) -> None:
        """``personal``: values to remove; ``replaced``: names (accounts, hosts, folders) with their replacements."""
        self._by_first: dict[str, set[str]] = {}
        for value in personal:
            plain = value.strip()
            if len(plain) < 4 or plain.isdigit():
                continue
            for text in {plain, json.dumps(plain, ensure_ascii=False)[1:-1], repr(plain)[1:-1]}:  # with marks escaped
                if (first := _WORD.search(text)) is not None:
                    self._by_first.setdefault(first.group().casefold(), set()).add(text[first.start() :].casefold())
        self._replaced = sorted(((a, b) for a, b in replaced if a), key=lambda pair: -len(pair[0]))

    def __call__(self, text: str) -> str:
        """``text`` without secrets and personal data."""
        text = self._without_values(text)
        for name, instead in self._replaced:
            text = text.replace(name, instead)
        text = _NAMED.sub(lambda m: f"{m.group(1)}{m.group(2)}{REMOVED}", text)
        for pattern in _LOOKS:
            text = pattern.sub(REMOVED, text)
        return text

    def _without_values(self, text: str) -> str:
        folded = text.casefold()
        if len(folded) != len(text):  # a letter has become two (ß): compare without ignoring case
            folded = text
        parts: list[str] = []
        at = 0
        for word in _WORD.finditer(folded):
            if word.start() < at:
                continue
            candidates = self._by_first.get(word.group())
            if not candidates:
                continue
            length = max((len(c) for c in candidates if folded.startswith(c, word.start())), default=0)
            if length:
                parts += [text[at : word.start()], REMOVED]
                at = word.start() + length
        return "".join([*parts, text[at:]])


def forms_of(folder: str) -> tuple[str, ...]:
    """A folder as it may stand in the files: on Windows also within JSON or quoted, as Qt and Python write it, and by
    the short name that temporary folders have (``NICOLO~1``)."""
    if "\\" not in folder:
        return (folder,)
    names = dict.fromkeys((folder, short_name(folder)))
    doubled = (name.replace("\\", "\\\\") for name in names)
    return tuple(dict.fromkeys((*names, *doubled, *(name.replace("\\", "/") for name in names))))


def short_name(folder: str) -> str:
    """Windows' short name of a folder, or the folder where it has none."""
    if sys_platform() != "win32":
        return folder
    import ctypes

    kernel32 = windows_library("kernel32")
    found = ctypes.create_unicode_buffer(1024)
    kernel32.GetShortPathNameW(ctypes.c_wchar_p(folder), found, ctypes.c_uint32(1024))
    return found.value or folder


class Diagnostics:
    """Makes the bundle of a profile."""

    def __init__(self, services: Services, status: Callable[[], Status | None]) -> None:
        self._services = services
        self._status = status

    def contents(self) -> Sequence[tuple[str, str]]:
        """Names and descriptions of the files."""
        logs = ", ".join(p.name for p in self._logs())
        return (
            ("about.txt", tr("versions of Archisync, Python, Qt and the system; sizes of the archive")),
            ("settings.json", tr("the settings; accounts and addresses under other names")),
            ("status.json", tr("what runs, what waits, how fresh each list is")),
            ("runs.json", tr("the last 300 runs with their errors")),
            (logs or "log", tr("the log files, and what is left of a crash")),
        )

    async def write(self, path: Path) -> Path:
        """Write the bundle; returns its place. Raises ``OSError``; an existing file is unchanged then."""
        services = self._services
        scrub = Scrubber(await self._personal(), self._names())
        files = {
            "about.txt": self._about(),
            "settings.json": json.dumps(dict(services.settings()), ensure_ascii=False, indent=1, default=list),
        }
        status = self._status()
        if status is not None:
            files["status.json"] = json.dumps(as_json(status), ensure_ascii=False, indent=1)
        if services.store is not None:
            runs = [as_json(r) for r in await services.store.runs(limit=300)]
            files["runs.json"] = json.dumps(runs, ensure_ascii=False, indent=1)
        return await asyncio.to_thread(self._write, path, files, scrub)

    def _write(self, path: Path, files: dict[str, str], scrub: Scrubber) -> Path:
        with replacing(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in files.items():
                bundle.writestr(name, scrub(text))
            for log in self._logs():
                lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
                bundle.writestr(log.name, "\n".join(map(scrub, lines)))
        return path

    def _logs(self) -> list[Path]:
        file = self._services.log_file
        if file is None:
            return []
        crashes = (f for f in file.parent.glob("crash*.txt") if f.stat().st_size)
        return [*sorted(file.parent.glob(f"{file.name}*")), *sorted(crashes)]

    def _about(self) -> str:
        from PySide6.QtCore import qVersion

        store = self._services.store
        sizes = store.size_on_disk() if store is not None else None
        lines = [
            f"Archisync {self._services.version}{' (demo)' if self._services.demo else ''}",
            f"Python {sys.version.split()[0]}, Qt {qVersion()}",
            f"{platform.system()} {platform.release()} {platform.machine()}",
            f"archive {sizes.database} bytes" if sizes is not None else "no archive",
        ]
        return "\n".join(lines) + "\n"

    def _names(self) -> list[tuple[str, str]]:
        """Accounts, the ERP's host and the home folder, with their replacements."""
        from urllib.parse import urlsplit

        status = self._status()
        accounts = account_ids(status) if status is not None else ()
        accounts = tuple(dict.fromkeys((*accounts, *self._services.settings().words("erp.accounts"))))
        found = [(name, f"account-{at}") for at, name in enumerate(accounts, 1)]
        host = urlsplit(self._services.settings().text("erp.url")).hostname
        if host:
            found.append((host, "erp-host"))
        found += [(form, "~") for form in forms_of(str(Path.home()))]
        return found

    async def _personal(self) -> set[str]:
        services, status = self._services, self._status()
        values: set[str] = set()
        if services.store is None or status is None:
            return values
        for entity in services.entities:
            names = [c.name for c in entity.columns if c.personal]
            if not names:
                continue
            for account in (None,) if entity.spec.shared else account_ids(status):
                async for part in services.store.export(entity.name, account, columns=names):
                    values |= {str(v) for row in part for n in names if (v := row.values.get(n)) is not None}
        return values
