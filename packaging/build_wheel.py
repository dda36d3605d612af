"""Builds the wheel with the locked build tools, in a temporary environment.

.venv/bin/python packaging/build_wheel.py [FOLDER]       into dist/ unless a folder is given
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "packaging" / "locked" / "build.txt"


def build_wheel(folder: Path) -> Path:
    """Build the wheel of the working tree into ``folder``; returns its path. Raises ``CalledProcessError``."""
    with tempfile.TemporaryDirectory(prefix="archisync-build-") as work:
        venv.create(work, with_pip=True)
        python = Path(work, "Scripts" if os.name == "nt" else "bin", "python")
        pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(LOCK)], check=True)
        made = Path(work, "made")
        command = [str(python), "-m", "build", "--wheel", "--no-isolation", "--outdir", str(made), str(ROOT)]
        subprocess.run(command, check=True, capture_output=True)
        (wheel,) = made.glob("*.whl")
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(wheel, folder))


if __name__ == "__main__":
    print(build_wheel(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"))
