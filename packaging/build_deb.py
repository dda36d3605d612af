"""Builds the Debian package, with its own environment: libraries of the system's Python are neither used nor changed.

    .venv/bin/python packaging/build_deb.py [--python 3.11] [--out dist]

One package for each Python version of Debian (12: 3.11, 13: 3.13), since wheels with compiled modules are made for one
version. It can be built on any Linux that has dpkg-deb. A browser is only recommended, since Chrome and Edge are not in
Debian.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email.utils import formatdate
from pathlib import Path

import bootstrap
from build_wheel import build_wheel
from build_windows import tree_version
from wheels import (
    LIBRARIES_LEFT_OUT,
    LOCKED,
    QT_IMAGES,
    QT_KEPT,
    QT_TRANSLATIONS,
    install_wheels,
    keep_only,
    linux,
    remove,
)

from archisync_gui.licences import licences

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

NAME = "archisync-gui"
HOME = Path("usr/lib") / NAME
"""The folder of the environment."""

LAUNCHER = """\
#!/usr/lib/archisync-gui/bin/python -I
import sys

from archisync_gui.start import main

sys.exit(main())
"""

QT_LIBRARIES = (*QT_KEPT, "DBus", "XcbQpa", "WaylandClient", "WlShellIntegration", "Xml")
"""Qt's shared libraries that are kept: those of the modules, and those that its plug-ins for X11 and Wayland need."""

QT_PLUGINS = (
    "iconengines", "imageformats", "networkinformation", "platforminputcontexts", "platforms", "platformthemes",
    "printsupport", "wayland-decoration-client", "wayland-graphics-integration-client",
    "wayland-shell-integration", "xcbglintegrations",
)  # fmt: skip

QT_PLATFORMS = ("libqoffscreen.so", "libqminimal.so", "libqwayland.so", "libqxcb.so")

CONTROL = """\
Package: {name}
Version: {version}
Architecture: amd64
Maintainer: Archisync <archisync@example.test>
Installed-Size: {size}
Depends: python3 (>= {python}), python3 (<< {next_python}), libc6 (>= 2.36), {libraries}
Recommends: chromium | google-chrome-stable | microsoft-edge-stable, libnotify-bin | notification-daemon
Section: misc
Priority: optional
Description: control panel that keeps a local copy of a slow ERP fresh
 Archisync reads an office's ERP (customers, orders, delivery notes, invoices, prices and products) with a real
 browser, keeps a local copy, shows what is fresh, what runs and what is wrong, and serves a local HTTP endpoint for
 an order form. It never writes to the ERP.
"""

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Archisync

Files: *
Copyright: the authors of Archisync
License: Expat

Files: usr/lib/archisync-gui/lib/*
Copyright: the authors of the libraries
License: various
Comment: archisync_gui/_resources/licences.txt there has them all.

License: Expat
{licence}
"""


def build(out: Path, version: str, python: str) -> Path:
    """Build the package into ``out``; returns its path."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="archisync-deb-") as work:
        tree = Path(work, "tree")
        tree.mkdir(mode=0o755)
        _environment(tree, python)
        _desktop(tree)
        _documents(tree, version)
        _control(tree, version, python)
        _modes(tree)
        target = out / f"{NAME}_{version}_python{python}_amd64.deb"
        command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z12", "--build", str(tree), str(target)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"dpkg-deb failed:\n{done.stdout}{done.stderr}")
    return target


def _environment(tree: Path, python: str) -> None:
    home = tree / HOME
    site = home / "lib" / f"python{python}" / "site-packages"
    install_wheels(LOCKED / "run.txt", site, linux(python))
    with tempfile.TemporaryDirectory(prefix="archisync-wheel-") as work:
        with zipfile.ZipFile(build_wheel(Path(work))) as wheel:
            wheel.extractall(site)
    remove(site, LIBRARIES_LEFT_OUT)
    qt = site / "PySide6"
    modules = [f"Qt{module}.abi3.so" for module in (*QT_KEPT, "DBus")]
    binding = [path.name for path in qt.glob("libpyside6.abi3.so*")]
    keep_only(qt, ["__init__.py", "_config.py", "_git_pyside_version.py", "support", "Qt", *binding, *modules])
    keep_only(qt / "Qt", ["lib", "plugins", "translations"])
    libraries = [f"libQt6{library}.so.6" for library in QT_LIBRARIES]
    keep_only(qt / "Qt" / "lib", [*libraries, *(path.name for path in (qt / "Qt" / "lib").glob("libicu*"))])
    keep_only(qt / "Qt" / "plugins", QT_PLUGINS)
    keep_only(qt / "Qt" / "plugins" / "platforms", QT_PLATFORMS)
    keep_only(qt / "Qt" / "plugins" / "imageformats", [f"libq{name}.so" for name in QT_IMAGES])
    keep_only(qt / "Qt" / "translations", QT_TRANSLATIONS)
    (site / "archisync_gui" / "_resources" / "licences.txt").write_text(licences(site), "utf-8")
    _copy(HERE / "debian" / "panels.py", home)
    programs = home / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(f"/usr/bin/python{python}")
    (home / "pyvenv.cfg").write_text(f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n")
    (tree / "usr" / "bin").mkdir()
    for name in ("archisync-gui", "archisync-gui-panel"):
        # Also beside the interpreter, where the panel searches the program that starts it again.
        (programs / name).write_text(LAUNCHER)
        (tree / "usr" / "bin" / name).symlink_to(f"../lib/{NAME}/bin/{name}")


def _desktop(tree: Path) -> None:
    _copy(HERE / "archisync-gui.desktop", tree / "usr/share/applications")
    _copy(ROOT / "resources/icons/archisync.svg", tree / "usr/share/icons/hicolor/scalable/apps", f"{NAME}.svg")
    _copy(HERE / "debian" / f"{NAME}.service", tree / "usr/lib/systemd/user")


def _documents(tree: Path, version: str) -> None:
    documents = tree / "usr/share/doc" / NAME
    _copy(ROOT / "README.md", documents)
    licence = "".join(f" {line or '.'}\n" for line in (ROOT / "LICENSE").read_text("utf-8").splitlines())
    (documents / "copyright").write_text(COPYRIGHT.format(licence=licence.rstrip()), "utf-8")
    moment = formatdate(float(os.environ.get("SOURCE_DATE_EPOCH", "0")) or None, localtime=False)
    signed = f" -- Archisync <archisync@example.test>  {moment}"
    changes = f"{NAME} ({version}) stable; urgency=medium\n\n  * See README.md.\n\n{signed}\n"
    (documents / "changelog.gz").write_bytes(gzip.compress(changes.encode(), mtime=0))


def _control(tree: Path, version: str, python: str) -> None:
    control = tree / "DEBIAN"
    control.mkdir()
    size = sum(path.lstat().st_size for path in tree.rglob("*")) // 1024
    libraries = sorted({*bootstrap.LIBRARIES.values(), *bootstrap.WINDOW_LIBRARIES.values()})
    major, minor = python.split(".")
    fields = {
        "name": NAME,
        "version": version,
        "size": size,
        "python": python,
        "next_python": f"{major}.{int(minor) + 1}",
        "libraries": ", ".join(libraries),
    }
    (control / "control").write_text(CONTROL.format(**fields), "utf-8")
    for script in ("postinst", "prerm"):
        _copy(HERE / "debian" / script, control)


def _copy(file: Path, folder: Path, name: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, folder / (name or file.name))


def _modes(tree: Path) -> None:
    """Set the modes: readable for all users, programs executable for all; independent of the builder's umask."""
    programs = {"DEBIAN/postinst", "DEBIAN/prerm", f"{HOME}/bin/archisync-gui", f"{HOME}/bin/archisync-gui-panel"}
    for path in tree.rglob("*"):
        if path.is_symlink():
            continue
        program = path.is_dir() or str(path.relative_to(tree)) in programs or path.name in ("node", "playwright.sh")
        path.chmod(0o755 if program else 0o644)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="3.11", help="Debian 12: 3.11, Debian 13: 3.13")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    package = build(options.out, tree_version(), options.python)
    print(f"{package}: {package.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
