"""The data files of the macOS bundle, for `archisync.spec`: resources, and the licences of what is inside."""

from __future__ import annotations

from pathlib import Path

from archisync_gui.licences import FILE, licences

ROOT = Path(__file__).resolve().parents[2]


def resources(work: Path, site: Path, python: Path) -> list[tuple[str, str]]:
    """Pairs of a file or folder and its folder in the bundle, as PyInstaller's ``datas``.

    ``work``: an existing folder for the list of licences. ``site``: the site-packages with what is bundled.
    ``python``: the licence of the Python that is bundled. Raises ``FileNotFoundError`` if that is missing.
    """
    python.stat()
    target = work / FILE
    target.write_text(licences(site, Python=python), "utf-8")
    return [(str(ROOT / "resources"), "archisync_gui/_resources"), (str(target), "archisync_gui/_resources")]
