"""The documentation: both languages, commands that exist, links that lead somewhere, nothing from outside."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from archisync_gui.cli import build_parser

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "manual"
PAGES = sorted(MANUAL.rglob("*.md"))


def commands(text: str) -> list[str]:
    """The calls of our program in a page: in blocks and in the line."""
    inline = re.findall(r"`(archisync-gui(?: [^`]*)?)`", text)
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [c.replace("[", "").replace("]", "") for c in inline] + [c for c in lines if c.startswith("archisync-gui")]


def test_operators_have_each_page_in_both_languages() -> None:
    english = {p.name for p in (MANUAL / "en").glob("*.md")}
    assert english == {p.name for p in (MANUAL / "it").glob("*.md")}
    assert len(english) >= 8
    for name in english:
        shapes = []
        for language in ("en", "it"):
            text = (MANUAL / language / name).read_text("utf-8")
            shapes.append((text.count("\n## "), text.count("\n|"), commands(text)))
        assert shapes[0] == shapes[1], name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(MANUAL)))
def test_what_a_page_tells_to_type_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    for command in commands(text):
        words = shlex.split(command)[1:]
        if "|" not in command and "--help" not in words:
            build_parser().parse_args(words)
    for script in re.findall(r"(?:packaging|archisync_gui|tests|docs|resources)/[\w/.-]+\.\w+", text):
        if "NAME" not in script:
            assert (ROOT / script).exists(), script
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link


@pytest.mark.nightly
def test_it_builds_strictly_and_needs_nothing_from_outside(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    lock = ROOT / "packaging" / "locked" / "docs.txt"
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", lock], check=True)
    command = [python, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        text = page.read_text("utf-8")
        assert not re.search(r"<(?:link|script|img|iframe)\b[^>]*(?:src|href)=\"?(?:https?:)?//", text), page
