"""The files, classes and functions that ``docs/architecture.md`` names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "archisync_gui"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", TEXT.replace("```", ""))
FILES = sorted({name for name in CODE if re.fullmatch(r"[\w/]+\.(py|md|toml)", name)})
WORDS = {name for name in CODE if re.fullmatch(r"[A-Za-z_]+(\.[A-Za-z_]+)?", name) and not name.isupper()}
NAMES = sorted(WORDS - set(FILES) - {"pyproject.toml"})
OTHER_WORDS = {"ui", "all_as_of", "new_as_of", "pending", "fresh"}
"""Words in backquotes that are values or folders, no definitions."""


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_named_exists(name: str) -> None:
    assert any((base / name).exists() for base in (ROOT, PACKAGE)), name


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OTHER_WORDS])
def test_a_name_is_defined_somewhere(name: str) -> None:
    first, _, second = name.rpartition(".")
    wanted = re.compile(rf"^\s*(async def|def|class) {second}\b", re.M)
    files = list(PACKAGE.rglob("*.py"))
    if first and first[0].islower():  # a module and its function
        files = [file for file in files if file.stem == first]
    elif first:
        files = [file for file in files if re.search(rf"^class {first}\b", file.read_text(encoding="utf-8"), re.M)]
    assert any(wanted.search(file.read_text(encoding="utf-8")) for file in files), name


def test_the_text_names_something() -> None:
    assert len(FILES) > 20
    assert len(NAMES) > 20
