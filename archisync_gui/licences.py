"""The licences of all parts of an installation as one text: for *About*, and for the builds.

An installer or a package contains the text; elsewhere it is made from the installed libraries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from archisync_gui.messages import resources

NAMES = ("licen", "copying", "notice", "authors")
"""Parts of the names of licence files, in lower case."""

OTHERS = {
    "Node.js and Playwright's driver": "playwright/driver/LICENSE",
    "Playwright": "playwright/driver/package/LICENSE",
    "Playwright: what it contains": "playwright/driver/package/ThirdPartyNotices.txt",
}
"""Programs inside a wheel that are not Python packages → path of their licence in site-packages."""


WITHOUT_TEXT = {
    "pyside6-essentials": ("LGPL-3.txt", "GPL-3.txt"),
    "shiboken6": ("LGPL-3.txt", "GPL-3.txt"),
}
"""Packages whose wheel has no licence file → texts of their licences in `resources/licences`."""

LIBRARIES = {
    "Qt": ("PySide6/QtCore.*", ("qt.txt",)),
    "PostgreSQL's libpq": ("psycopg_binary*/**/libpq*", ("postgresql.txt",)),
    "OpenSSL": ("psycopg_binary*/**/libcrypto*", ("openssl.txt", "Apache-2.0.txt")),
    "MIT Kerberos": ("psycopg_binary*/**/libkrb5*", ("krb5.txt",)),
    "OpenLDAP": ("psycopg_binary*/**/libldap*", ("openldap.txt",)),
    "Cyrus SASL": ("psycopg_binary*/**/libsasl2*", ("cyrus-sasl.txt",)),
    "keyutils": ("psycopg_binary*/**/libkeyutils*", ("keyutils.txt", "LGPL-2.1.txt")),
    "libcom_err of e2fsprogs": ("psycopg_binary*/**/libcom_err*", ("libcom_err.txt",)),
    "libxcrypt": ("psycopg_binary*/**/libcrypt-*", ("libxcrypt.txt", "LGPL-2.1.txt")),
}
"""Libraries inside wheels that do not contain their licence → pattern of a file in site-packages that shows that the
library is there, and texts in `resources/licences`, as collected by Debian. numpy's wheel contains its licences."""

QT_SOURCE = """\
The source of Qt and of PySide6 in exactly this version:
https://download.qt.io/official_releases/qt/{series}/{version}/
https://download.qt.io/official_releases/QtForPython/pyside6/PySide6-{version}-src/
What Qt contains of others, in this version: https://doc.qt.io/qt-6/licenses-used-in-qt.html
This software is based in part on the work of the Independent JPEG Group. Portions of this software are copyright
The FreeType Project (www.freetype.org). All rights reserved.
Below: licences of Qt and of what it contains, as Debian has collected them for Qt 6.8.
"""
"""Required by the LGPL version 3, section 4, and the GPL version 3, section 6; with credits that two of Qt's parts
demand."""


FILE = "licences.txt"
"""Name of the text's file in the resources of an installer or a package."""


def shipped() -> str:
    """The licences of this installation. Blocking: without :data:`FILE` it reads some hundred files."""
    import sysconfig

    included = resources() / FILE
    if included.exists():
        return included.read_text("utf-8")
    return licences(Path(sysconfig.get_path("purelib")))


def licences(site: Path, **more: Path) -> str:
    """The licences of all packages in ``site`` (a site-packages folder), and of ``more`` (name → licence file)."""
    parts = [
        "Archisync is made of these parts, each under its own licence.\n"
        "Qt and PySide6 are used under the LGPL version 3: their libraries are files of their own in the installation\n"
        "and can be replaced by others of the same version.\n"
    ]
    qt = ""
    for name, version, licence, texts in sorted(_packages(site), key=lambda found: found[0].lower()):
        kept = WITHOUT_TEXT.get(re.sub(r"[-_.]+", "-", name).lower(), ()) if not texts else ()
        parts.append(_part(f"{name} {version}: {licence}", [*texts, *map(_kept, kept)]))
        if name.startswith("PySide6"):
            qt = version
    for name, (pattern, files) in LIBRARIES.items():
        if next(site.glob(pattern), None) is not None:
            texts = [QT_SOURCE.format(series=qt.rpartition(".")[0], version=qt)] if name == "Qt" else []
            parts.append(_part(f"{name}, inside a wheel", [*texts, *map(_kept, files)]))
    for name, place in {**{n: site / p for n, p in OTHERS.items()}, **more}.items():
        if place.exists():
            parts.append(_part(name, [place.read_text("utf-8", "replace")]))
    return "\n".join(parts)


def _packages(site: Path) -> Iterator[tuple[str, str, str, list[str]]]:
    for info in site.glob("*.dist-info"):
        metadata = HeaderParser().parsestr((info / "METADATA").read_text("utf-8"))
        files = [f for f in sorted(info.rglob("*")) if f.is_file() and any(n in f.name.lower() for n in NAMES)]
        texts = [file.read_text("utf-8", "replace") for file in files]
        yield str(metadata["Name"]), str(metadata["Version"]), _licence(metadata), texts


def _licence(metadata: Message) -> str:
    """The licence's name in the package's metadata; from its classifiers if it has no other."""
    expression = metadata["License-Expression"] or metadata["License"]
    if expression and len(str(expression)) < 100:
        return str(expression)
    named = [
        str(c).rpartition(" :: ")[2] for c in metadata.get_all("Classifier", []) if str(c).startswith("License ::")
    ]
    return ", ".join(named) or "see the text"


def _kept(file: str) -> str:
    return (resources() / "licences" / file).read_text("utf-8")


def _part(title: str, texts: list[str]) -> str:
    return "\n".join(["=" * 100, title, "=" * 100, *(text.strip() + "\n" for text in texts)])
