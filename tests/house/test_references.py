"""Sections of docs/erp.md that code and tests refer to exist; the lines of facts and rules are short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = re.compile(r"\(`*docs/erp\.md`*, ([^):;]+)\)")


def test_every_section_of_the_erp_facts_that_is_named_exists() -> None:
    headings = {
        line.lstrip("# ").strip() for line in (ROOT / "docs/erp.md").read_text("utf-8").splitlines() if line[:1] == "#"
    }
    missing = []
    for folder in ("archisync_gui", "tests"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix not in (".py", ".js"):
                continue
            for named in REFERENCE.findall(re.sub(r"\s+(?:#|//)?\s*", " ", file.read_text("utf-8"))):
                for section in named.split(", "):
                    if section.strip() not in headings:
                        missing.append(f"{file.relative_to(ROOT)}: {section}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("name", ["erp.md", "rules.md"])
def test_facts_and_rules_are_told_in_lines_that_can_be_read(name: str) -> None:
    lines = (ROOT / "docs" / name).read_text("utf-8").splitlines()
    assert not [number for number, line in enumerate(lines, 1) if len(line) > 120]
