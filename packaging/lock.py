"""Writes the locks in `packaging/locked/`: every package that is shipped or that the tests use, with its version and
hashes.

    .venv/bin/python packaging/lock.py                    after a dependency in pyproject.toml was added or changed
    .venv/bin/python packaging/lock.py --upgrade          newest versions of everything
    .venv/bin/python packaging/lock.py --upgrade NAME     newest version of one package

The locks are requirement files with hashes, resolved for all systems and Pythons at once by `uv pip compile
--universal`. They are no `uv.lock`, since pip must be able to install them (a new machine has no uv), and a `uv.lock`
contains the addresses of the package index with which it was made. uv itself comes from the lock of the build tools, or
the first time from the network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ROOT / "packaging" / "locked"

LOCKS: dict[str, list[str]] = {
    "run.txt": ["pyproject.toml"],
    "test.txt": ["pyproject.toml", "--extra", "test"],
    "build.txt": ["packaging/locked/build.in"],
    "release.txt": ["packaging/locked/release.in"],
    "docs.txt": ["packaging/locked/docs.in"],
    "pipx.txt": ["packaging/locked/pipx.in"],
    "wine.txt": ["packaging/locked/wine.in"],
    "macos.txt": ["packaging/locked/macos.in"],
}
"""Each lock and its sources, as arguments of `uv pip compile`."""

HEADER = "# Written by packaging/lock.py; do not edit.\n"


def main(arguments: Sequence[str]) -> int:
    """Entry point; returns uv's exit code."""
    upgrade: list[str] = []
    if arguments[:1] == ["--upgrade"]:
        upgrade = [word for name in arguments[1:] for word in ("--upgrade-package", name)] or ["--upgrade"]
    elif arguments:
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory(prefix="archisync-lock-") as folder:
        uv = _uv(Path(folder))
        for name, sources in LOCKS.items():
            lock = LOCKED / name
            command = [str(uv), "pip", "compile", *sources, "--quiet", "--universal", "--generate-hashes"]
            command += ["--python-version", "3.11", "--no-header", "--no-annotate", "-o", str(lock), *upgrade]
            # The test lock keeps the versions of the run lock: both describe the same program.
            command += ["--constraint", str(LOCKED / "run.txt")] if name == "test.txt" else []
            done = subprocess.run(command, cwd=ROOT, env=_index_of_pip())
            if done.returncode:
                return done.returncode
            lock.write_text(HEADER + lock.read_text("utf-8").removeprefix(HEADER), "utf-8")
            print(f"{lock.relative_to(ROOT)}: {lock.read_text('utf-8').count('==')} packages")
    return 0


def _uv(folder: Path) -> Path:
    """uv, installed in a temporary environment, so that it is not in the project's."""
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    hashed = LOCKED / "build.txt"
    what = ["--require-hashes", "--no-deps", "-r", str(hashed)] if hashed.exists() else ["uv"]
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", *what], check=True)
    return programs / "uv"


def _index_of_pip() -> dict[str, str]:
    """The environment variables with pip's package index, since uv does not read pip's configuration."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(command, capture_output=True, text=True)
    index = os.environ.get("PIP_INDEX_URL") or (found.stdout.strip() if found.returncode == 0 else "")
    return {**os.environ, "UV_DEFAULT_INDEX": index} if index else dict(os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
