"""Comments, docstrings and documents that have been rewritten in plain technical English stay that way."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CLEAN = (
    "CONTRIBUTING.md",
    "README.md",
    "archisync_gui/app",
    "archisync_gui/cli.py",
    "archisync_gui/drafts",
    "archisync_gui/endpoint",
    "archisync_gui/entities",
    "archisync_gui/erp",
    "archisync_gui/licences.py",
    "archisync_gui/model",
    "archisync_gui/office",
    "archisync_gui/orchestrator",
    "archisync_gui/settings",
    "archisync_gui/store",
    "archisync_gui/syncs",
    "archisync_gui/ui",
    "archisync_gui/updates",
    "docs/architecture.md",
    "docs/erp.md",
    "docs/manual/en/developers",
    "docs/rules.md",
    "packaging",
)
"""Folders and documents that have been rewritten. Add one when it is clean; never remove one."""

WORDS = {
    "whoever": "name the caller",
    "somebody": "name the caller",
    "nobody": "say what is not there: no asker, no account",
    "anybody": "name the caller",
    "everybody": "all listeners, all askers",
    "looker": "reader",
    "lookers": "readers",
    "fold": "transition",
    "folds": "transitions",
    "tomb": "ended session",
    "outbox": "effects",
    "bites": "cancels",
    "heart": "name the part",
}
"""Words of the first version's dialect, with the standard terms to write instead."""


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a document, or of a module's comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""')):
            yield from enumerate(token.string.splitlines(), token.start[0])


def strange(lines: Iterator[tuple[int, str]]) -> list[str]:
    """Each use of one of :data:`WORDS`, with its line and the term to write instead."""
    pattern = re.compile(rf"\b({'|'.join(WORDS)})\b", re.IGNORECASE)
    return [
        f"{number}: {found[1]!r}: {WORDS[found[1].lower()]}"
        for number, line in lines
        for found in pattern.finditer(line)
    ]


@pytest.mark.parametrize("place", CLEAN)
def test_the_prose_uses_plain_terms(place: str) -> None:
    path = ROOT / place
    files = sorted([*path.rglob("*.py"), *path.rglob("*.md")]) if path.is_dir() else [path]
    assert files
    found = {file.relative_to(ROOT).as_posix(): strange(prose(file)) for file in files}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_strange_word_is_noticed(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('fold = 1\n"""Whoever asks."""\nname = "nobody"  # a fold\n', encoding="utf-8")
    assert [line.partition(":")[0] for line in strange(prose(module))] == ["2", "3"]
