"""References to sections of docs/erp.md are valid; the lines of docs/erp.md and docs/rules.md are short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = re.compile(r"\(`*docs/erp\.md`*, ([^):;]+)\)")


def test_each_section_that_code_or_tests_refer_to_exists() -> None:
    headings = {
        line.lstrip("# ").strip() for line in (ROOT / "docs/erp.md").read_text("utf-8").splitlines() if line[:1] == "#"
    }
    missing, count = [], 0
    for folder in ("archisync_gui", "tests"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix not in (".py", ".js"):
                continue
            for named in REFERENCE.findall(re.sub(r"\s+(?:#|//)?\s*", " ", file.read_text("utf-8"))):
                count += 1
                for section in named.split(", "):
                    if section.strip() not in headings:
                        missing.append(f"{file.relative_to(ROOT)}: {section}")
    assert not missing, "\n".join(missing)
    assert count > 30, "the pattern finds hardly any reference"


@pytest.mark.parametrize("name", ["erp.md", "rules.md"])
def test_the_lines_of_facts_and_rules_are_short(name: str) -> None:
    lines = (ROOT / "docs" / name).read_text("utf-8").splitlines()
    assert not [number for number, line in enumerate(lines, 1) if len(line) > 120]
