"""Limits on the length of the package's files and on the size of the orchestrator; no circular imports."""

from __future__ import annotations

import ast
import io
import tokenize
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

PACKAGE = Path(__file__).parents[2] / "archisync_gui"

MOST_LINES = 400

CATALOGUES = {
    "endpoint/contract.py": "the requests and answers of the endpoint, one after the other",
}
"""Files that may be longer, and what they list. A new entry needs an equally good reason."""

ORCHESTRATOR_LINES = 3_079
"""Lines of code: without empty lines, comments, docstrings and imports."""
ORCHESTRATOR_TYPES = 41


def modules(folder: str = "") -> list[Path]:
    return sorted((PACKAGE / folder).rglob("*.py"))


def code_lines(source: str) -> int:
    """Lines with code; docstrings, comments, empty lines and imports do not count."""
    tree = ast.parse(source)
    other: set[int] = set()
    for node in ast.walk(tree):
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if text or isinstance(node, (ast.Import, ast.ImportFrom)):
            other.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    empty = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in empty:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - other)


def test_no_file_is_long() -> None:
    lengths = {
        file.relative_to(PACKAGE).as_posix(): len(file.read_text(encoding="utf-8").splitlines()) for file in modules()
    }
    long = {name: length for name, length in lengths.items() if length > MOST_LINES}
    assert long.keys() <= CATALOGUES.keys(), {n: length for n, length in long.items() if n not in CATALOGUES}
    assert CATALOGUES.keys() <= long.keys(), "an exception that is no longer needed"


def circle(graph: grimp.ImportGraph) -> list[str]:
    """Modules that import each other in a circle, including imports for types and in functions; empty without one."""
    sorter = TopologicalSorter({m: graph.find_modules_directly_imported_by(m) for m in graph.modules})
    try:
        sorter.prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_imports_run_in_a_circle() -> None:
    graph = grimp.build_graph("archisync_gui", exclude_type_checking_imports=False)
    assert len(graph.modules) > 300
    assert circle(graph) == []


def test_a_circle_is_found() -> None:
    graph = grimp.ImportGraph()
    graph.add_import(importer="one", imported="two")
    graph.add_import(importer="two", imported="three")
    assert circle(graph) == []
    graph.add_import(importer="three", imported="one")
    assert set(circle(graph)) == {"one", "two", "three"}


def test_the_orchestrator_stays_small() -> None:
    sources = [file.read_text(encoding="utf-8") for file in modules("orchestrator")]
    lines = sum(code_lines(source) for source in sources)
    types = sum(isinstance(node, ast.ClassDef) for source in sources for node in ast.walk(ast.parse(source)))
    print(f"\norchestrator: {lines} lines of code (wanted 2,800), {types} types (wanted 26)")
    assert lines <= ORCHESTRATOR_LINES
    assert types <= ORCHESTRATOR_TYPES


def test_only_code_is_counted() -> None:
    texts = '"""Text\nof a module."""\n\nimport os\n\n# why\n'
    source = texts + 'def one():\n    """Text."""\n    return (\n        1\n    )\n'
    assert code_lines(source) == 4
