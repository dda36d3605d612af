"""The whole suite under Wine: what is kept of a run that hangs or dies, where it goes on, and how it is counted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import suite
import wine

from tests.support.verdicts import events

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import pytest

def test_passes(): pass

@pytest.mark.skip(reason="needs the moon")
def test_skips(): pass

def test_fails(): assert 1 == 2

@pytest.fixture
def broken():
    yield
    raise ValueError("at its end")

def test_fails_at_its_end(broken): pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> suite.Folder:
    return suite.Folder("tests/made-up", tmp_path / "verdicts" / "made-up.jsonl")


def passed(folder: suite.Folder, *tests: str) -> None:
    for test in tests:
        folder.write(started=test)
        folder.write(test=test, outcome="passed", reason="", seconds=1.0)


def run_pytest(folder: Path, kept: Path) -> str:
    """What pytest says that runs the tests of a folder and writes their verdicts."""
    settings = folder / "none.ini"
    settings.write_text("[pytest]\n", "utf-8")
    plugins = [
        word for name in ("tests.support.verdicts", "no:schemathesis", "no:cacheprovider") for word in ("-p", name)
    ]
    options = [f"--verdicts={kept}", f"--rootdir={folder}", "-c", str(settings), "--continue-on-collection-errors"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, *options, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


def test_the_plugin_writes_each_verdict_and_goes_on_behind_them(tmp_path: Path) -> None:
    file = tmp_path / "test_some.py"
    file.write_text(TESTS, "utf-8")
    kept = tmp_path / "kept.jsonl"
    said_first = run_pytest(tmp_path, kept)
    assert "1 failed, 2 passed, 1 skipped, 1 error" in said_first, said_first
    said = {event["test"]: event for event in events(kept.read_text("utf-8").splitlines()) if "test" in event}
    outcomes = {test.partition("::")[2]: event["outcome"] for test, event in said.items()}
    assert outcomes == {
        "test_passes": "passed",
        "test_skips": "skipped",
        "test_fails": "failed",
        "test_fails_at_its_end": "failed",
    }
    assert said[f"{file.name}::test_skips"]["reason"] == "needs the moon"
    assert "1 == 2" in said[f"{file.name}::test_fails"]["reason"]
    assert "at its end" in said[f"{file.name}::test_fails_at_its_end"]["reason"]

    lines = kept.read_text("utf-8").splitlines()
    kept.write_text("\n".join(line for line in lines if "test_skips" not in line or '"all"' in line) + "\n", "utf-8")
    assert "1 skipped, 3 deselected" in run_pytest(tmp_path, kept)


def test_a_file_that_cannot_be_imported_is_one_failure(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import nothing_of_that_name\n", "utf-8")
    (tmp_path / "test_whole.py").write_text("def test_passes(): pass\n", "utf-8")
    made_up = suite.Folder("tests/made-up", tmp_path / "kept.jsonl")
    run_pytest(tmp_path, made_up.file)
    found = made_up.verdicts()
    assert {test: verdict and verdict.outcome for test, verdict in found.items()} == {
        "test_broken.py": "failed",
        "test_whole.py::test_passes": "passed",
    }
    broken = found["test_broken.py"]
    assert broken is not None
    assert "nothing_of_that_name" in broken.reason


def test_a_test_that_hangs_or_dies_costs_itself_only(folder: suite.Folder) -> None:
    turns = []

    def run(one: suite.Folder) -> int:
        turns.append(one)
        one.write(all=["a", "b", "c"])
        if len(turns) == 1:
            passed(one, "a")
            one.write(started="b")
            return 137
        passed(one, "c")
        return 0

    suite.run_folder(folder, run)
    assert len(turns) == 2
    outcomes = {test: verdict and verdict.outcome for test, verdict in folder.verdicts().items()}
    assert outcomes == {"a": "passed", "b": "failed", "c": "passed"}
    hung = folder.verdicts()["b"]
    assert hung is not None
    assert "exit code 137" in hung.reason


def test_a_run_that_ends_before_its_tests_is_told_and_no_endless_loop(
    folder: suite.Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.run_folder(folder, lambda one: 5)  # every test has its verdict
    assert capsys.readouterr().out == ""
    suite.run_folder(folder, lambda one: 4)
    assert "pytest ended with 4 though no test failed" in capsys.readouterr().out


def test_failed_tests_are_forgotten_alone(folder: suite.Folder) -> None:
    folder.write(all=["a", "b"])
    passed(folder, "a")
    folder.write(test="b", outcome="failed", reason="assert", seconds=1)
    folder.forget(only_failed=True)
    kept = folder.verdicts()
    assert kept["a"] is not None
    assert kept["b"] is None
    folder.forget(only_failed=False)
    assert folder.verdicts() == {}


def test_a_line_cut_off_by_the_end_of_windows_is_no_verdict(folder: suite.Folder) -> None:
    folder.write(all=["a"])
    with folder.file.open("a", encoding="utf-8") as out:
        out.write('{"test": "a", "outc')
    assert folder.verdicts() == {"a": None}


@pytest.mark.parametrize(
    ("others", "code", "says"),
    [
        ([("b", "skipped")], 0, "passed: 96.0 % of 25 tests"),
        ([("b", "skipped"), ("c", "skipped")], 1, "passed: 92.3 % of 26 tests"),
        ([("b", "failed")], 1, "passed: 96.0 % of 25 tests"),
        ([("b", None)], 1, "passed: 96.0 % of 25 tests"),
    ],
)
def test_the_count_is_of_all_tests_there_are(
    folder: suite.Folder, others: list[tuple[str, str | None]], code: int, says: str
) -> None:
    names = [f"a{number}" for number in range(24)]
    folder.write(commit="1234567")
    folder.write(all=[*names, *(name for name, _ in others)])
    passed(folder, *names, "gone")
    for name, outcome in others:
        if outcome is not None:
            folder.write(test=name, outcome=outcome, reason="because of Wine", seconds=0)
    said = "\n".join(suite.report([folder]))
    assert says in said
    assert ("because of Wine" in said) is (others[0][1] is not None)
    assert "code: 1234567" in said
    assert suite.outcome([folder]) == code


def test_every_folder_has_its_turn(tmp_path: Path) -> None:
    everything = suite.folders(tmp_path, [])
    files = {file for folder in everything for file in folder_files(folder)}
    assert files == {file.relative_to(ROOT).as_posix() for file in (ROOT / "tests").rglob("test_*.py")}
    assert [folder.name for folder in suite.folders(tmp_path, ["tests/ui/", "tests/e2e"])] == ["tests/e2e", "tests/ui"]
    with pytest.raises(ValueError, match="tests/nowhere"):
        suite.folders(tmp_path, ["tests/nowhere"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows: the script runs on Linux")
def test_a_windows_user_has_one_session_at_a_time(tmp_path: Path) -> None:
    """The end of a session ends whatever runs in its user's Windows."""
    one = wine.Wine(tmp_path, "one")
    with one._alone(), wine.Wine(tmp_path, "other")._alone():
        with pytest.raises(RuntimeError, match="'one' is busy"), one.session():
            pass
    with one._alone():
        pass


def folder_files(folder: suite.Folder) -> list[str]:
    """The test files that pytest is given."""
    if folder.name == "tests":
        return folder.arguments
    return [file.relative_to(ROOT).as_posix() for file in (ROOT / folder.name).rglob("test_*.py")]


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        ([(1, wine.SERVER_ENDED), (0, "done")], (0, "done")),
        ([(1, wine.SERVER_ENDED), (1, wine.SERVER_ENDED)], (1, wine.SERVER_ENDED)),
        ([(1, f"half of it\n{wine.SERVER_ENDED}")], (1, f"half of it\n{wine.SERVER_ENDED}")),
        ([(2, "refused")], (2, "refused")),
    ],
)
def test_only_a_program_that_met_the_end_of_wines_server_is_started_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: list[tuple[int, str]], result: tuple[int, str]
) -> None:
    left = iter(answers)
    monkeypatch.setattr(wine.Session, "_ran", lambda *_: next(left))
    session = wine.Session(wine.Wine(store=tmp_path, prefix="test", project=None), init=1, browser_port=1)
    assert session.run(["reg", "query"]) == result
    assert list(left) == []
