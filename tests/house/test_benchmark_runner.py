"""The benchmark runner finds benchmarks, runs each in its own process, prints, stores and compares the results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import compare, discover, main
from tests.benchmarks.result import Result

SAMPLE = """
import asyncio, os
from tests.benchmarks.result import Result

def plain(quick):
    return Result(1.2 if quick else 12, "ms", floor=1.0, limit=1.35, note="invented")

async def several(quick):
    await asyncio.sleep(0)
    slow, fast = Result(5, "ms", limit=4, what="slow"), Result(9000, "1/s", limit=8000, what="fast")
    return [slow, fast, Result(3, "MB", what="size")]

def dies(quick):
    os._exit(3)

def raises(quick):
    raise RuntimeError("broken")

BENCHMARKS = (("plain", plain), ("several", several), ("dies", dies), ("raises", raises))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bench_sample.py").write_text(SAMPLE)
    (tmp_path / "other.py").write_text("BENCHMARKS = 'not looked at'")
    return tmp_path


def run(folder: Path, *arguments: str) -> int:
    return main(["--folder", str(folder), *arguments])


def test_results_are_shown_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = folder / "kept.json"
    assert run(folder, "plain", "several", "--quick", "--json", str(kept)) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line]
    assert ["plain", "1.2", "ms", "1", "ms", "1.2", "1.35", "ok", "invented"] in lines
    assert ["several:", "slow", "5", "ms", "4", "SHORT"] in lines
    assert ["several:", "fast", "9,000", "1/s", "8,000", "ok"] in lines
    assert ["several:", "size", "3", "MB"] in lines
    stored = json.loads(kept.read_text())
    assert stored["quick"] is True
    assert {"cores", "python", "commit", "packages"} <= set(stored["machine"])
    assert [row["reached"] for row in stored["results"]] == [True, False, True, None]


def test_a_benchmark_that_breaks_is_named_and_the_others_run(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--json") == 1
    stored = json.loads(capfd.readouterr().out)
    assert stored["failures"] == {"dies": "ended with 3", "raises": "ended with 1"}
    assert [row["benchmark"] for row in stored["results"]] == ["plain", "several", "several", "several"]


def test_an_unknown_name_is_a_usage_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(folder, "plian")
    assert caught.value.code == 2
    assert "there are: plain, several, dies, raises" in capsys.readouterr().err


def test_two_benchmarks_with_one_name_are_refused(folder: Path) -> None:
    (folder / "bench_twin.py").write_text("BENCHMARKS = (('plain', print),)")
    with pytest.raises(SystemExit, match="two benchmarks are called 'plain'"):
        discover(folder)


def test_compare_shows_what_changed() -> None:
    def kept(figure: float, cores: int) -> dict[str, object]:
        rows = [Result(figure, "ms", floor=10).as_json("read")]
        return {"machine": {"commit": f"c{figure:g}", "cores": cores}, "quick": False, "results": rows}

    said = compare(kept(20, 2), kept(15, 4))
    assert "20 ms" in said
    assert "15 ms" in said
    assert "-25 %" in said
    assert "2 → 1.5" in said
    assert "cores: 2 → 4" in said


def test_our_own_benchmarks_are_found() -> None:
    assert "apply" in discover(Path(__file__).parents[1] / "benchmarks")
