"""Builds the Windows installer, on Debian or another Linux: no Windows is needed.

    .venv/bin/python packaging/build_windows.py [--folder-only] [--version X.Y.Z] [--out dist]

The program's folder is made from Windows' own Python and the locked wheels, and packed by NSIS. Why not other tools:
PyInstaller cannot build for another system and packs the modules into its own archive; briefcase needs a template and
a Windows-only tool (WiX); pynsist had its last release in 2022. Needs makensis (`nsis`) and a compiler for the two
launchers (`gcc-mingw-w64-x86-64-win32`), both of which Debian has.

What is left out is listed at `PYTHON_LEFT_OUT`, `QT_FILES` and in `wheels.py`; a test under Wine imports every module
of the result.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from build_wheel import build_wheel
from wheels import (
    LIBRARIES_LEFT_OUT,
    LOCKED,
    QT_IMAGES,
    QT_KEPT,
    QT_TRANSLATIONS,
    WINDOWS,
    install_wheels,
    keep_only,
    remove,
    windows_python,
)

from archisync_gui.licences import licences

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SOURCES = HERE / "windows"

COMPILER = "x86_64-w64-mingw32-gcc-win32"
RESOURCES = "x86_64-w64-mingw32-windres"

DEBIAN = "nsis gcc-mingw-w64-x86-64-win32"
"""Debian packages with `makensis` and the compiler."""

PYTHON_DLL = "python313.dll"

LAUNCHERS = {"archisync-gui-panel": ["-mwindows", "-DPANEL"], "archisync-gui": ["-mconsole"]}
"""Launcher → options of the compiler; see `windows/launcher.c`."""

PYTHON_LEFT_OUT = (
    "tcl", "include", "libs", "Scripts", "NEWS.txt", "Lib/tkinter", "Lib/idlelib", "Lib/turtledemo",
    "Lib/turtle.py", "Lib/ensurepip", "Lib/venv", "Lib/test", "Lib/pydoc_data", "Lib/__pycache__",
    "DLLs/_tkinter.pyd", "DLLs/tcl86t.dll", "DLLs/tk86t.dll", "DLLs/py.ico", "DLLs/pyc.ico", "DLLs/pyd.ico",
)  # fmt: skip
"""Parts of Windows' Python that a program without Tk, IDLE and compilers does not need."""

QT_FILES = (
    "__init__.py", "_config.py", "_git_pyside_version.py", "support", "pyside6.abi3.dll", "msvcp140.dll",
    "msvcp140_1.dll", "msvcp140_2.dll", "concrt140.dll", "vcruntime140.dll", "vcruntime140_1.dll",
)  # fmt: skip
"""Files of PySide6 that are kept, beside the modules, their DLLs, the plug-ins and the translations."""

QT_PLUGINS = ("platforms", "styles", "imageformats", "iconengines", "networkinformation")
"""Folders of plug-ins that are kept. Those for databases, QML, the designer and TLS are not used."""

QT_PLATFORMS = ("qwindows.dll", "qoffscreen.dll")

PATHS = "Lib\nDLLs\nLib\\site-packages\n.\n"
"""Content of `python313._pth`: the only import path of this Python, without user folder, variables and registry."""

ICON_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
"""Sizes in pixels for taskbar, menu and desktop at common scale factors."""


def program_folder(app: Path, version: str) -> None:
    """Make the folder that the installer installs."""
    windows_python(app)
    remove(app, PYTHON_LEFT_OUT)
    site = app / "Lib" / "site-packages"
    install_wheels(LOCKED / "run.txt", site, WINDOWS)
    with tempfile.TemporaryDirectory(prefix="archisync-wheel-") as work:
        with zipfile.ZipFile(build_wheel(Path(work))) as wheel:
            wheel.extractall(site)
    _trim_qt(site / "PySide6")
    remove(site, LIBRARIES_LEFT_OUT)
    (app / "python313._pth").write_text(PATHS)
    text = licences(site, Python=app / "LICENSE.txt")
    (site / "archisync_gui" / "_resources" / "licences.txt").write_text(text, "utf-8")
    shutil.copy(ROOT / "LICENSE", app / "LICENSE-Archisync.txt")
    (app / "archisync.png").write_bytes(drawn(ROOT / "resources" / "icons" / "archisync.svg", 256))  # of toasts.py
    set_version(app, version)


def set_version(app: Path, version: str) -> None:
    """Set the version of the program in ``app``; a release has that of the working tree."""
    init = app / "Lib" / "site-packages" / "archisync_gui" / "__init__.py"
    text = init.read_text("utf-8")
    init.write_text(re.sub(r'__version__ = "[^"]+"', f'__version__ = "{version}"', text), "utf-8")
    launchers(app, version)


def launchers(folder: Path, version: str) -> None:
    """Compile the two launchers into ``folder``."""
    with tempfile.TemporaryDirectory(prefix="archisync-launcher-") as work:
        icon = Path(work, "archisync.ico")
        write_icon(ROOT / "resources" / "icons" / "archisync.svg", icon)
        for name in LAUNCHERS:
            _launcher(folder, name, version, icon, Path(work))


def installer(app: Path, version: str, target: Path, *, quick: bool = False) -> None:
    """Pack the folder ``app`` into the installer ``target``. ``quick``: with zlib instead of LZMA."""
    size = sum(file.stat().st_size for file in app.rglob("*") if file.is_file())
    with tempfile.TemporaryDirectory(prefix="archisync-nsis-") as work:
        icon, licence = Path(work, "archisync.ico"), Path(work, "licence.txt")
        write_icon(ROOT / "resources" / "icons" / "archisync.svg", icon)
        licence.write_text((ROOT / "LICENSE").read_text("utf-8"), "utf-8-sig", newline="\r\n")
        defined = {
            "VERSION": version,
            "VERSION_NUMBERS": ".".join(map(str, numbers(version))),
            "APP": app,
            "ICON": icon,
            "LICENCE": licence,
            "OUTPUT": target,
            "SIZE_KB": size // 1024,
        }
        target.parent.mkdir(parents=True, exist_ok=True)
        defines = [f"-D{name}={value}" for name, value in defined.items()] + (["-DQUICK"] if quick else [])
        _output(["makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8", *defines, str(SOURCES / "installer.nsi")])


def numbers(version: str) -> tuple[int, int, int, int]:
    """A version as four numbers, as Windows needs it: the first three, and 0."""
    found = [int(part) for part in re.findall(r"\d+", version)[:3]]
    a, b, c = [*found, 0, 0, 0][:3]
    return a, b, c, 0


def write_icon(svg: Path, target: Path) -> None:
    """Draw ``svg`` in all `ICON_SIZES` into a Windows icon file, as PNGs."""
    pictures = [drawn(svg, size) for size in ICON_SIZES]
    place = 6 + 16 * len(pictures)
    head = struct.pack("<3H", 0, 1, len(pictures))
    for size, picture in zip(ICON_SIZES, pictures, strict=True):
        head += struct.pack("<4B2H2I", size % 256, size % 256, 0, 0, 1, 32, len(picture), place)
        place += len(picture)
    target.write_bytes(head + b"".join(pictures))


def drawn(svg: Path, size: int) -> bytes:
    """``svg`` as a square PNG of so many pixels."""
    from PySide6.QtCore import QBuffer, QIODevice
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(str(svg)).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _trim_qt(qt: Path) -> None:
    modules = (name for module in QT_KEPT for name in (f"Qt{module}.pyd", f"Qt6{module}.dll"))
    keep_only(qt, {*QT_FILES, *modules, "plugins", "translations"})
    keep_only(qt / "plugins", QT_PLUGINS)
    keep_only(qt / "plugins" / "platforms", QT_PLATFORMS)
    keep_only(qt / "plugins" / "imageformats", [f"q{name}.dll" for name in QT_IMAGES])
    keep_only(qt / "translations", QT_TRANSLATIONS)


def _launcher(app: Path, name: str, version: str, icon: Path, work: Path) -> None:
    resource = work / f"{name}.o"
    defined = {
        "ICON_FILE": _c_string(icon),
        "MANIFEST_FILE": _c_string(SOURCES / "launcher.manifest"),
        "VERSION_NUMBERS": ",".join(map(str, numbers(version))),
        "VERSION_TEXT": _c_string(version),
        "NAME_TEXT": _c_string(name),
    }
    head = work / f"{name}.rc"
    lines = [f"#define {macro} {value}" for macro, value in defined.items()]
    head.write_text("\n".join([*lines, (SOURCES / "launcher.rc").read_text("utf-8")]), "utf-8")
    _output([RESOURCES, "--codepage=65001", "-i", str(head), "-o", str(resource)])
    dll = f'-DPYTHON_DLL=L"{PYTHON_DLL}"'
    source = [str(SOURCES / "launcher.c"), str(resource)]
    _output([COMPILER, "-O2", "-s", "-municode", dll, *LAUNCHERS[name], "-o", str(app / f"{name}.exe"), *source])


def _c_string(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _output(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}".rstrip())


def tree_version() -> str:
    """The version of the working tree."""
    found = re.search(r'__version__ = "([^"]+)"', (ROOT / "archisync_gui" / "__init__.py").read_text("utf-8"))
    assert found is not None
    return found[1]


def main() -> int:
    """Entry point: folder, installer, their sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder-only", action="store_true", help="make the program's folder, no installer")
    parser.add_argument("--version", default=tree_version(), help="version to build as (for tests of upgrades)")
    parser.add_argument("--quick", action="store_true", help="pack ten times as fast into a larger file (for tests)")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    missing = [tool for tool in (COMPILER, RESOURCES, "makensis") if shutil.which(tool) is None]
    if missing:
        print(
            f"Missing: {', '.join(missing)}. On Debian: apt-get install nsis gcc-mingw-w64-x86-64-win32",
            file=sys.stderr,
        )
        return 69
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    out = options.out.resolve()
    app = out / "windows"
    if app.exists() and not (app / PYTHON_DLL).exists():
        print(f"{app} is not a folder that this script has made: remove it, or take another one.", file=sys.stderr)
        return 1
    shutil.rmtree(app, ignore_errors=True)
    app.parent.mkdir(parents=True, exist_ok=True)
    program_folder(app, options.version)
    size = sum(file.stat().st_size for file in app.rglob("*") if file.is_file())
    print(f"{app}: {size / 1e6:.0f} MB")
    if not options.folder_only:
        target = out / f"Archisync-{options.version}-setup.exe"
        installer(app, options.version, target, quick=options.quick)
        print(f"{target}: {target.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
