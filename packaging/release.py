"""Builds all parts of a release, on Debian or Ubuntu, into one folder.

    .venv/bin/python packaging/release.py [--tag vX.Y.Z] [--out dist]

The wheel, the Windows installer, a Debian package for each supported Python, the list of parts (SBOM, CycloneDX), and
the checksums. They are built from the working tree, which must have no uncommitted changes. With `--tag` it is checked
before that the tree is that of the tag, and that the tag matches the version in `archisync_gui/__init__.py`, the only
place with the version. Missing Debian packages are named.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import build_deb
import build_windows
from build_wheel import build_wheel
from packaging.utils import canonicalize_name
from wheels import LOCKED, WINDOWS, WINDOWS_PYTHON, requirements

ROOT = Path(__file__).resolve().parent.parent

PYTHONS = ("3.11", "3.13")
"""Pythons of Debian 12 and 13."""

SUMS = "SHA256SUMS"
SIGNATURE = f"{SUMS}.minisig"


class Refused(Exception):
    """The release is refused before anything was removed or built; the message has the reason."""


def clean(tree: Path, tag: str | None) -> None:
    """Raise :class:`Refused` if ``tree`` has uncommitted changes or, with ``tag``, is not that of the tag."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=tree, capture_output=True, text=True)
        if done.returncode:
            raise Refused(f"git {words[0]}: {done.stderr.strip() or 'failed'}")
        return done.stdout.strip()

    changed = git("status", "--porcelain").splitlines()
    if changed:
        raise Refused(f"The working tree is not what git has: {changed[0].strip()}. Commit it or take it away.")
    if tag is not None and git("rev-parse", "HEAD") != git("rev-parse", f"{tag}^{{commit}}"):
        raise Refused(f"The working tree is not what {tag} names.")


def empty(folder: Path) -> None:
    """Create ``folder``, or remove an earlier release from it: `SHA256SUMS`, its signature and the files listed in it.

    Raises :class:`Refused`, and removes nothing, if it contains anything else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sums = folder / SUMS
    listed = re.findall(r"^[0-9a-f]{64}  (.+)$", sums.read_text("utf-8"), re.MULTILINE) if sums.is_file() else []
    ours = {SUMS, SIGNATURE, *listed}
    others = sorted(path.name for path in folder.iterdir() if path.name not in ours or not path.is_file())
    if others:
        raise Refused(f"{folder} holds other things than an earlier release ({others[0]}): take an empty folder.")
    for path in folder.iterdir():
        path.unlink()


def sbom(target: Path) -> None:
    """Write the list of shipped parts (CycloneDX, JSON), from the lock and the wheels."""
    with tempfile.TemporaryDirectory(prefix="archisync-sbom-") as work:
        venv.create(work, with_pip=True)
        programs = Path(work, "bin")
        pip = [str(programs / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(LOCKED / "release.txt")], check=True)
        command = [str(programs / "cyclonedx-py"), "requirements", str(LOCKED / "run.txt")]
        command += ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--of", "JSON"]
        subprocess.run([*command, "-o", str(target)], check=True, capture_output=True)
    parts = json.loads(target.read_text("utf-8"))
    parts["components"] += [
        {
            "type": "application",
            "bom-ref": name,
            "name": name,
            "version": version,
            "purl": f"pkg:generic/{name.lower()}@{version}",
            "description": where,
        }
        for name, version, where in inside()
    ]
    parts["components"] += bundled(Path(sysconfig.get_path("purelib")), requirements(LOCKED / "run.txt", WINDOWS))
    target.write_text(json.dumps(parts, indent=2) + "\n", "utf-8")


def bundled(site: Path, shipped: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The components that the wheels of the ``shipped`` packages declare themselves (PEP 770).

    They are read from ``site``, where the shipped versions are installed (Linux wheels). Each component's reference has
    the wheel's name, since two wheels may contain the same component.
    """
    names = {canonicalize_name(name) for name, _ in shipped}
    found = []
    for file in sorted(site.glob("*.dist-info/sboms/*.json")):
        wheel = canonicalize_name(file.parts[-3].split("-")[0])
        if wheel in names:
            for part in json.loads(file.read_text("utf-8")).get("components", []):
                if canonicalize_name(part["name"]) != wheel:  # the wheel itself is in the lock
                    reference = part.get("bom-ref") or f"{part['name']}@{part.get('version', '')}"
                    about = f"in the wheel of {wheel}"
                    found.append({**part, "bom-ref": f"{wheel}/{file.stem}/{reference}", "description": about})
    return found


def inside() -> list[tuple[str, str, str]]:
    """Name, version and place of the shipped programs that are in no lock: inside a wheel, or in the installer."""
    from playwright._impl._driver import compute_driver_executable

    node, _ = compute_driver_executable()
    said = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    qt = re.search(r"^pyside6-essentials==(\S+)", (LOCKED / "run.txt").read_text("utf-8"), re.MULTILINE)
    assert qt is not None
    return [
        ("Python", WINDOWS_PYTHON, "in the Windows installer"),
        ("Node.js", said.strip().removeprefix("v"), "in the wheel of playwright"),
        ("Qt", qt[1], "in the wheel of pyside6-essentials"),
    ]


def checksums(folder: Path) -> Path:
    """Write `SHA256SUMS` for all files in ``folder``, in the format of `sha256sum --check`; returns its path."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in (SUMS, SIGNATURE))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), "utf-8")
    return folder / SUMS


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tag", help="the tag that is released")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    version = build_windows.tree_version()
    if options.tag is not None and options.tag != f"v{version}":
        print(f"The tag {options.tag} is not v{version}, the version in archisync_gui/__init__.py.", file=sys.stderr)
        return 1
    missing = [tool for tool in (build_windows.COMPILER, "makensis", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        print(f"Missing: {', '.join(missing)}. apt-get install dpkg {build_windows.DEBIAN}", file=sys.stderr)
        return 69
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    out = options.out.resolve()
    try:
        clean(ROOT, options.tag)
        empty(out)
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    build_wheel(out)
    for python in PYTHONS:
        build_deb.build(out, version, python)
    with tempfile.TemporaryDirectory(prefix="archisync-windows-") as work:
        app = Path(work, "app")
        build_windows.program_folder(app, version)
        build_windows.installer(app, version, out / f"Archisync-{version}-setup.exe")
    sbom(out / f"archisync-{version}.cdx.json")
    print(checksums(out).read_text("utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
