"""Checks of the whole code: types, style, import contracts, dependencies, no names of machines."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CHECKS = {
    "types": ["mypy", "--strict"],
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
}

HOSTS = r"\b(?:artifactory|nexus|devpi)\b|pypi\.org|/simple/|registry\.npmjs"
PLACES = r"(?<![\w.*}])/(?:home|Users|root|work|workspace|mnt|opt(?!/google|/microsoft))/\w|C:\\+Users\\"
MACHINE = re.compile(f"{HOSTS}|{PLACES}", re.IGNORECASE)
"""Hosts of package registries, and paths on a developer's machine (except a browser's standard path in ``/opt``)."""

TEXT = {"", ".py", ".toml", ".md", ".yml", ".js", ".mjs", ".css", ".html", ".qss", ".ts", ".svg", ".desktop", ".spec"}


@pytest.mark.parametrize("check", CHECKS)
def test_the_tools_report_nothing(check: str) -> None:
    done = subprocess.run([sys.executable, "-m", *CHECKS[check]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    # The package under test comes first: a checkout may be installed in this environment as well.
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")


def test_imports_go_downwards_only() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("model", "import archisync_gui.ui.text.sinner", "Imports go downwards only"),
        ("store/sinner", "from archisync_gui.orchestrator import sinner", "Imports go downwards only"),
        (
            "orchestrator/sinner",
            "import archisync_gui.settings",
            "The orchestrator knows the vocabulary and nothing else",
        ),
        ("demo_erp/sinner", "import archisync_gui.entities.sinner", "The demo ERP knows nothing of ours"),
        ("ui/text/sinner", "import archisync_gui.erp.sinner", "Panel and endpoint ask the orchestrator, never the ERP"),
        ("ui/widgets/sinner", "import archisync_gui.ui.pages.sinner", "The panel's folders import downwards only"),
        ("app/core", "import PySide6.QtCore", "Qt stays in the panel"),
        ("syncs/sinner", "import playwright", "The browser stays in the driver"),
        ("app/core", "import sqlalchemy", "SQL stays in the store, the drafts and the office"),
        ("orchestrator/sinner", "import aiohttp", "HTTP stays in the endpoint and the demo ERP"),
    ],
)
def test_an_import_upwards_breaks_its_contract(tmp_path: Path, module: str, line: str, contract: str) -> None:
    package = tmp_path / "archisync_gui"
    parts = ["app", "ui", "endpoint", "syncs", "demo_erp", "orchestrator", "erp", "store", "drafts", "entities"]
    parts += ["updates", "office"]
    for name in [
        "__init__",
        "__main__",
        "start",
        "cli",
        "model",
        "settings",
        "messages",
        "conditions",
        "disk",
        "export",
        "licences",
        "listening",
        "plaintext",
        "system",
        "zone",
        "app/core",
        "app/desktop",
    ]:
        path = package / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    folders = ["shell", "pages", "dialogs", "output", "widgets", "live", "system", "text", "look"]
    for part in [*parts, *(f"ui/{folder}" for folder in folders)]:
        (package / part).mkdir(exist_ok=True)
        (package / part / "__init__.py").touch()
        if part != "ui":
            (package / part / "sinner.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    assert lint_imports(tmp_path).returncode == 0
    (package / f"{module}.py").write_text(f"{line}\n")
    done = lint_imports(tmp_path)
    assert re.search(rf"{re.escape(contract)}.* BROKEN", done.stdout), done.stdout + done.stderr
    assert done.returncode == 1


def test_the_core_runs_without_qt() -> None:
    """All parts but the panel can be imported where Qt is not installed."""
    code = """
import importlib, pkgutil, sys
for name in ("PySide6", "shiboken6", "qasync", "pyqtgraph"):
    sys.modules[name] = None
import archisync_gui
for module in pkgutil.walk_packages(archisync_gui.__path__, "archisync_gui."):
    panel = module.name.startswith(("archisync_gui.ui", "archisync_gui.app.desktop", "archisync_gui.__main__"))
    if not panel and ".migrations" not in module.name:
        importlib.import_module(module.name)
"""
    # walk_packages imports packages to look into them; the panel's own package may be imported, its modules not.
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_everything_imported_is_a_declared_dependency() -> None:
    """An undeclared package would be found only where the test tools are installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {canonical(re.split(r"[<>=!~;\[ ]", entry)[0]) for entry in project["dependencies"]}
    imported: set[str] = set()
    for path in (ROOT / "archisync_gui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    foreign = imported - sys.stdlib_module_names - {"archisync_gui"}
    providers = packages_distributions()
    providers["shiboken6"] = [
        *providers["shiboken6"],
        "PySide6-Essentials",
    ]  # its twin, same version
    unknown = {name for name in foreign if not declared & {canonical(d) for d in providers.get(name, [])}}
    assert len(foreign) > 5
    assert unknown == set()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_qt_takes_no_references_to_none() -> None:
    """PySide6 6.12 decrements the count of ``None`` before Python 3.12; the process dies after some thousand calls."""
    from PySide6.QtCore import QObject

    before = sys.getrefcount(None)
    for _ in range(1000):
        QObject().setObjectName("x")
    assert sys.getrefcount(None) > before - 200


def tracked_files() -> list[Path]:
    git = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if git.returncode:  # not a repository but an unpacked archive: it has our files only
        skipped = {".venv", "build", "dist"}
        return [p for p in ROOT.rglob("*") if p.is_file() and not skipped & set(p.relative_to(ROOT).parts)]
    return [ROOT / name for name in git.stdout.split("\0") if name]


def test_nothing_in_the_tree_names_a_machine() -> None:
    texts = [p for p in tracked_files() if p.suffix in TEXT and p != Path(__file__) and p.is_file()]
    assert len(texts) > 50
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in texts
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if MACHINE.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line", ["cd /work/checkout", "PIP_EXTRA: http://nexus.local/simple/", r"C:\Users\anna", "/home/anna/x"]
)
def test_a_named_machine_is_noticed(line: str) -> None:
    assert MACHINE.search(line)


def test_packaging_hides_no_library() -> None:
    """An ``__init__.py`` there would hide the library ``packaging`` from all that runs in the checkout."""
    assert not (ROOT / "packaging" / "__init__.py").exists()
    assert not (ROOT / "tests" / "packaging" / "__init__.py").exists()
