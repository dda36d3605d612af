"""The locks agree with what the project declares; `packaging/lock.py` writes them."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import audit
import pytest
import wheels
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKED = ROOT / "packaging" / "locked"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
HINT = "run: .venv/bin/python packaging/lock.py"


def entries(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Each pinned package of a lock, and its hashes."""
    found = []
    for line in (LOCKED / lock).read_text("utf-8").replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            found.append((Requirement(requirement.strip()), [h.strip() for h in hashes]))
    return found


@pytest.mark.parametrize(
    ("lock", "declared"),
    [
        ("run.txt", PROJECT["dependencies"]),
        ("test.txt", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]),
        *(
            (f"{name}.txt", (LOCKED / f"{name}.in").read_text().splitlines()[1:])
            for name in ("build", "release", "docs", "wine", "macos", "pipx")
        ),
    ],
)
def test_a_lock_has_all_that_is_declared_in_a_version_that_is_allowed(lock: str, declared: list[str]) -> None:
    locked: dict[str, list[str]] = {}
    for requirement, _ in entries(lock):
        locked.setdefault(canonicalize_name(requirement.name), []).append(str(requirement.specifier).removeprefix("=="))
    for wanted in map(Requirement, declared):
        versions = locked.get(canonicalize_name(wanted.name))
        assert versions, f"{wanted.name} is not in {lock}; {HINT}"
        assert all(map(wanted.specifier.contains, versions)), f"{wanted} but {versions} in {lock}; {HINT}"


@pytest.mark.parametrize("lock", sorted(path.name for path in LOCKED.glob("*.txt")))
def test_everything_is_pinned_and_hashed_and_no_index_is_named(lock: str) -> None:
    found = entries(lock)
    assert found
    for requirement, hashes in found:
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", h) for h in hashes), requirement
    assert not re.search(r"https?:|index-url|find-links", (LOCKED / lock).read_text("utf-8"))


def test_what_a_workflow_installs_comes_from_a_lock_and_is_searched_for_weaknesses() -> None:
    workflows = {path.name: path.read_text("utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")}
    installed = [line.strip() for text in workflows.values() for line in text.splitlines() if "pip install" in line]
    assert len(installed) >= 4
    locks = set()
    for line in installed:
        if line.endswith("--no-deps release/archisync_gui-*.whl"):  # the project itself
            continue
        assert "--require-hashes --no-deps -r packaging/locked/" in line, line
        locks.add(line.rpartition("/")[2].removesuffix(".txt"))
    assert all((LOCKED / f"{lock}.txt").exists() for lock in locks)
    assert "run: python packaging/audit.py\n" in workflows["audit.yml"]  # all locks


def test_the_search_for_weaknesses_leaves_out_no_lock_and_no_package_of_another_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed: list[str] = []

    def pip_audit(command: list[str]) -> subprocess.CompletedProcess[str]:
        lines = Path(command[command.index("--requirement") + 1]).read_text("utf-8").splitlines()
        assert not [line for line in lines if ";" in line or "--hash=" not in line]
        pinned = [line.split(" --hash=")[0] for line in lines]
        names = [canonicalize_name(Requirement(line).name) for line in pinned]
        assert len(names) == len(set(names))  # pip-audit refuses two versions
        handed.extend(pinned)
        return subprocess.CompletedProcess(command, 0 if len(handed) > len(pinned) else 1)

    monkeypatch.setattr(audit.subprocess, "run", pip_audit)
    assert audit.main([]) == 1  # also if a later call finds nothing
    assert len(handed) == len(set(handed))
    for lock in LOCKED.glob("*.txt"):
        for requirement, _ in entries(lock.name):
            assert f"{requirement.name}{requirement.specifier}" in handed, lock.name
    assert {"pywin32-ctypes", "winrt-runtime", "numpy", "pipx"} <= {line.partition("==")[0] for line in handed}


def test_the_tests_run_with_the_versions_that_are_shipped() -> None:
    shipped = {(r.name, str(r.specifier), str(r.marker)) for r, _ in entries("run.txt")}
    tested = {(r.name, str(r.specifier)) for r, _ in entries("test.txt")}
    assert {(name, version) for name, version, _ in shipped} <= tested


def test_windows_gets_its_own_packages_and_no_others(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "# comment\n"
        "everywhere==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "linux-only==2 ; sys_platform == 'linux' \\\n    --hash=sha256:cc\n"
        "windows-only==3 ; sys_platform == 'win32' \\\n    --hash=sha256:dd\n"
        "old-python==4 ; python_full_version < '3.12' \\\n    --hash=sha256:ee\n"
    )
    assert dict(wheels.requirements(lock, wheels.WINDOWS)) == {
        "everywhere": "everywhere==1 --hash=sha256:aa --hash=sha256:bb",
        "windows-only": "windows-only==3 --hash=sha256:dd",
    }
    wanted = dict(wheels.requirements(LOCKED / "run.txt", wheels.WINDOWS))
    assert "jeepney" not in wanted
    assert "pywin32-ctypes" in wanted
    on_linux = dict(wheels.requirements(LOCKED / "run.txt", wheels.linux("3.11")))
    assert "jeepney" in on_linux
    assert "pywin32-ctypes" not in on_linux


def test_every_qt_module_that_is_imported_is_shipped() -> None:
    sources = (ROOT / "archisync_gui").rglob("*.py")
    imported = {name for path in sources for name in re.findall(r"PySide6\.Qt(\w+)", path.read_text("utf-8"))}
    assert {"Core", "Widgets"} <= imported
    assert imported <= set(wheels.QT_KEPT)
