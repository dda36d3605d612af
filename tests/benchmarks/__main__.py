"""Runs the benchmarks, each in a process of its own, and prints one table of the results.

``python3 packaging/bootstrap.py bench [NAME…] [--quick] [--json [FILE]]`` or ``bench --compare A B``.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import inspect
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.result import Function, Result, machine

FOLDER = Path(__file__).parent
KEPT = FOLDER.parents[1] / "bench-results"

LIMITS = {True: 300, False: 900}
"""Seconds that a benchmark may take, quick and in full."""


def discover(folder: Path) -> dict[str, tuple[Path, Function]]:
    """Every benchmark of ``bench_*.py``, by name, in the order of files and declarations."""
    found: dict[str, tuple[Path, Function]] = {}
    for path in sorted(folder.glob("bench_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        for name, function in getattr(module, "BENCHMARKS", ()):
            if name in found:
                raise SystemExit(f"two benchmarks are called {name!r}: {found[name][0].name} and {path.name}")
            found[name] = path, function
    return found


def measure(function: Function, quick: bool) -> list[Result]:
    """Run one benchmark in this process."""
    outcome = function(quick)
    if inspect.isawaitable(outcome):

        async def wait(outcome: Awaitable[Result | Sequence[Result]] = outcome) -> Result | Sequence[Result]:
            return await outcome

        outcome = asyncio.run(wait())
    return [outcome] if isinstance(outcome, Result) else list(outcome)


def run_apart(folder: Path, name: str, quick: bool) -> list[dict[str, Any]] | str:
    """Run one benchmark in a new process; returns its rows, or the reason why there are none."""
    with tempfile.TemporaryDirectory(prefix="archisync-bench-") as temporary:
        output = Path(temporary, "rows.json")
        command = [sys.executable, "-m", "tests.benchmarks", "--child", str(output), "--folder", str(folder), name]
        command += ["--quick"] if quick else []
        with subprocess.Popen(command, cwd=FOLDER.parents[1], stdout=2) as child:  # its output goes to stderr
            try:
                code = child.wait(LIMITS[quick])
            except subprocess.TimeoutExpired:
                _interrupt(child)
                return f"took longer than {LIMITS[quick]} s"
        if code:
            return f"ended with {code}"
        rows: list[dict[str, Any]] = json.loads(output.read_text("utf-8"))
        return rows


def _interrupt(child: subprocess.Popen[bytes]) -> None:
    """End a benchmark, and give it time to end the processes that it started (an ERP, a browser, a screen)."""
    child.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
    try:
        child.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()


def number(value: float | None) -> str:
    """Three significant digits, without an exponent."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table with columns as narrow as possible; the first and the last column are left-aligned."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    last = len(widths) - 1
    for line in lines:
        cells = [
            cell.ljust(width) if i in (0, last) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def title(row: Mapping[str, Any]) -> str:
    """The name of the benchmark and, if it has several figures, of the figure."""
    return f"{row['benchmark']}: {row['what']}" if row["what"] else str(row["benchmark"])


def report(rows: Sequence[Mapping[str, Any]], failures: Mapping[str, str]) -> str:
    """The table at the end."""
    marks = {True: "ok", False: "SHORT", None: ""}
    lines = [["benchmark", "figure", "floor", "ratio", "limit", "", "note"]]
    lines += [
        [
            title(row),
            f"{number(row['figure'])} {row['unit']}",
            f"{number(row['floor'])} {row['unit']}" if row["floor"] is not None else "",
            number(row["ratio"]),
            number(row["limit"]),
            marks[row["reached"]],
            str(row["note"]),
        ]
        for row in rows
    ]
    return "\n".join([*table(lines), *(f"{name}: no figure, {why}" for name, why in failures.items())])


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The differences between two stored runs."""
    old = {title(row): row for row in before["results"]}
    new = {title(row): row for row in after["results"]}
    lines = [
        ["benchmark", before["machine"]["commit"] or "A", after["machine"]["commit"] or "B", "change", "ratio", ""]
    ]
    for name in [*old, *(name for name in new if name not in old)]:
        a, b = old.get(name), new.get(name)
        shown = [f"{number(row['figure'])} {row['unit']}" if row else "-" for row in (a, b)]
        change = f"{(b['figure'] / a['figure'] - 1) * 100:+.0f} %" if a and b and a["figure"] else ""
        ratios = " → ".join(number(row["ratio"]) or "-" for row in (a, b) if row) if a and b and a["ratio"] else ""
        lines.append([name, *shown, change, ratios, ""])
    differing = [
        f"{key}: {before['machine'].get(key)} → {after['machine'].get(key)}"
        for key in ("system", "processor", "cores", "python", "packages")
        if before["machine"].get(key) != after["machine"].get(key)
    ]
    if before.get("quick") != after.get("quick"):
        differing.append("one of the runs was --quick, the other not")
    return "\n".join([*table(lines), *differing])


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code (0 unless a benchmark gave no figure)."""
    parser = argparse.ArgumentParser(prog="bootstrap.py bench", description="Measure Archisync beside its floors.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (all unless given); see --list")
    parser.add_argument("--list", action="store_true", help="name the benchmarks")
    parser.add_argument("--quick", action="store_true", help="shorter runs of the same")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE", help="print JSON, or write it to FILE")
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("A", "B"), help="show what moved between two files")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.compare:
        print(compare(*(json.loads(path.read_text("utf-8")) for path in options.compare)))
        return 0
    known = discover(options.folder)
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(known)}")
    if options.list:
        print("\n".join(known))
        return 0
    if options.child:
        (name,) = options.names
        rows = [result.as_json(name) for result in measure(known[name][1], options.quick)]
        options.child.write_text(json.dumps(rows), "utf-8")
        return 0
    return _run(options.folder, options.names or list(known), options.quick, options.json)


def _run(folder: Path, names: Sequence[str], quick: bool, target: str | None) -> int:
    facts = machine()
    rows: list[dict[str, Any]] = []
    failures: dict[str, str] = {}
    for name in names:
        print(f"{name} …", end=" ", file=sys.stderr, flush=True)
        began = time.monotonic()
        outcome = run_apart(folder, name, quick)
        if isinstance(outcome, str):
            failures[name] = outcome
        else:
            rows += outcome
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    kept = json.dumps({"machine": facts, "quick": quick, "results": rows, "failures": failures}, indent=1)
    if target == "-":
        print(kept)
    else:
        path = Path(target) if target else KEPT / f"{str(facts['at'])[:19].replace(':', '')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(kept, "utf-8")
        print(f"\n{report(rows, failures)}\n\nkept in {path}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
