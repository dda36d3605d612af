"""Searches all locks for known weaknesses, those of packages for other systems included. Run by `audit.yml` each week.

    python -m pip install --require-hashes --no-deps -r packaging/locked/release.txt
    python packaging/audit.py [ARGUMENT...]        arguments go to pip-audit

pip-audit leaves out an entry whose marker does not hold on the system on which it runs, such as what only Windows
needs; so it gets the entries without their markers. It refuses two versions of a package, which the locks name where
they depend on the Python; so it is called more than once.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from wheels import LOCKED, entries


def unconditional(locks: Iterable[Path]) -> list[list[str]]:
    """All entries of ``locks``, each version once and without marker, in lists with one version of each package."""
    versions: dict[str, dict[str, str]] = {}
    for lock in locks:
        for requirement, entry in entries(lock):
            versions.setdefault(requirement.name, {}).setdefault(str(requirement.specifier), entry)
    most = max(map(len, versions.values()), default=0)
    return [[[*found.values()][n] for found in versions.values() if len(found) > n] for n in range(most)]


def main(arguments: Sequence[str]) -> int:
    """Entry point; returns pip-audit's exit code: 1 if a weakness is known."""
    code = 0
    with tempfile.TemporaryDirectory(prefix="archisync-audit-") as folder:
        file = Path(folder, "packages.txt")
        for found in unconditional(sorted(LOCKED.glob("*.txt"))):
            print(f"{len(found)} packages", flush=True)
            file.write_text("\n".join(found) + "\n", "utf-8")
            command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes"]
            done = subprocess.run([*command, "--requirement", str(file), *arguments])
            code = code or done.returncode
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
