"""The licences of everything that an installation consists of, as one text: for *About*, and for the builds.

An installer or a package brings the text along; elsewhere it is made of the libraries that are installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from archisync_gui.messages import resources

NAMES = ("licen", "copying", "notice", "authors")
"""How the name of a licence file begins or goes on, in lower case."""

OTHERS = {
    "Node.js and Playwright's driver": "playwright/driver/LICENSE",
    "Playwright": "playwright/driver/package/LICENSE",
    "Playwright: what it contains": "playwright/driver/package/ThirdPartyNotices.txt",
}
"""Programs inside a wheel that are not Python packages, and where their licence lies."""


FILE = "licences.txt"
"""Name of the text among the resources of an installer or a package."""


def shipped() -> str:
    """The licences of this installation. Blocking: reads some hundred files where no text was brought along."""
    import sysconfig

    brought = resources() / FILE
    if brought.exists():
        return brought.read_text("utf-8")
    return licences(Path(sysconfig.get_path("purelib")))


def licences(site: Path, **more: Path) -> str:
    """The licences of all packages in ``site`` (a site-packages folder), and of ``more`` (name: licence file)."""
    parts = [
        "Archisync is made of these parts, each under its own licence.\n"
        "Qt and PySide6 are used under the LGPL version 3: their libraries are files of their own in the installation\n"
        "and can be replaced by others of the same version.\n"
    ]
    for name, version, licence, texts in sorted(_packages(site), key=lambda found: found[0].lower()):
        parts.append(_part(f"{name} {version}: {licence}", texts))
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
    """What the package itself calls its licence; its classifiers when it gives no other."""
    expression = metadata["License-Expression"] or metadata["License"]
    if expression and len(str(expression)) < 100:
        return str(expression)
    named = [
        str(c).rpartition(" :: ")[2] for c in metadata.get_all("Classifier", []) if str(c).startswith("License ::")
    ]
    return ", ".join(named) or "see the text"


def _part(title: str, texts: list[str]) -> str:
    return "\n".join(["=" * 100, title, "=" * 100, *(text.strip() + "\n" for text in texts)])
