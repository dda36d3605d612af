"""Each nightly test has a counterpart that runs by day: no behaviour is tested at night only."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]

BY_DAY = re.compile(r"By day: (?P<what>[^\n]*(?:\n +\S[^\n]*)*)")
"""Names that counterpart, in the docstring of a nightly test whose file has no test by day."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(tree: ast.Module) -> list[Function]:
    return [node for node in tree.body if isinstance(node, Function) and node.name.startswith("test")]


def is_nightly(test: Function) -> bool:
    """Whether a test runs at night only. A mark on some of its parameters does not count."""
    return any(ast.unparse(mark) in ("pytest.mark.nightly", "pytest.mark.real") for mark in test.decorator_list)


def without_day(tree: ast.Module, tests: Path) -> list[str]:
    """The nightly tests of a module without a counterpart by day, in the module or named in the docstring."""
    named = []
    some_by_day = any(not is_nightly(test) for test in functions_of(tree))
    for test in filter(is_nightly, functions_of(tree)):
        said = BY_DAY.search(ast.get_docstring(test) or "")
        files = re.findall(r"tests/[\w/]+\.py", said["what"]) if said else []
        if files and not all((tests.parent / file).exists() for file in files):
            named.append(f"{test.name} names {files}")
        elif not some_by_day and not files:
            named.append(test.name)
    return named


def test_each_nightly_test_has_a_counterpart_by_day() -> None:
    found = {
        path.relative_to(TESTS).as_posix(): named
        for path in sorted(TESTS.rglob("test_*.py"))
        if re.search("nightly|real", text := path.read_text("utf-8")) and (named := without_day(ast.parse(text), TESTS))
    }
    assert found == {}


def test_the_files_listed_as_longest_exist() -> None:
    from tests.conftest import LONGEST

    assert [name for name in LONGEST if not (TESTS / name).exists()] == []


def test_a_nightly_test_without_counterpart_is_found() -> None:
    """Shows that the first test of this module can fail."""
    alone = "@pytest.mark.nightly\ndef test_x():\n    '''{}'''\n"
    assert without_day(ast.parse(alone.format("Heavy.")), TESTS) == ["test_x"]
    assert without_day(ast.parse(alone.format("By day: ``tests/test_zone.py``.")), TESTS) == []
    assert without_day(ast.parse(alone.format("By day: ``tests/test_gone.py``.")), TESTS) != []
    assert without_day(ast.parse(alone.format("Heavy.") + "def test_y():\n    pass\n"), TESTS) == []
