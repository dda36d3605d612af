"""Runs the whole suite under Wine, folder by folder, and counts it.

    .venv/bin/python packaging/wine --suite [OPTION...] [FOLDER...]

A folder is one of `tests` (its own files), `tests/app`, ...; without any, all of them. Each test's outcome is written
to the store's `verdicts` at once (`tests/support/verdicts.py`), so that a run that was stopped can be continued. A test
that hangs is killed with its Windows and counts as failed; the folder continues with the next test.

    --failed    run failed tests again
    --again     remove all outcomes of the folders first
    --count     run nothing, print the table
    --prefix NAME   as another Windows user, so that a second call at the same time can run other folders

At the end it prints a table of the folders, why tests were skipped, which failed, and the percentage of passed tests.
The exit code is 0 if that is at least 95 %, each test has an outcome, and none failed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wine
from wine import ROOT, Session, Wine

sys.path.insert(0, str(ROOT))

from tests.support.verdicts import events

AIM = 95
"""The percentage of tests that have to pass."""

SILENCE = 600
"""Seconds after which a test counts as hung; the longest takes 190 on an idle computer."""

NONE_LEFT = 5
"""Exit code of pytest if there was no test to run: all have their outcomes."""

FIRST = ("tests/syncs", "tests/office", "tests/erp", "tests/e2e")
"""Folders that are run first, since their tests start browsers and programs, and so are more likely to hang."""

KINDS = ("passed", "failed", "skipped", "not run")


@dataclass(frozen=True)
class Verdict:
    """The outcome of a test."""

    outcome: str
    reason: str = ""
    commit: str = ""


@dataclass(frozen=True)
class Folder:
    """A folder of tests, and the file with its outcomes."""

    name: str
    file: Path

    @property
    def log(self) -> Path:
        """The file with pytest's output."""
        return self.file.with_suffix(".log")

    @property
    def arguments(self) -> list[str]:
        """The arguments for pytest."""
        if self.name != "tests":
            return [self.name]
        return sorted(f"tests/{file.name}" for file in (ROOT / "tests").glob("test_*.py"))

    def events(self) -> list[dict[str, Any]]:
        """All lines of the file, oldest first."""
        return events(self.file.read_text("utf-8").splitlines()) if self.file.exists() else []

    def verdicts(self) -> dict[str, Verdict | None]:
        """All tests of the folder with their outcomes; ``None``: not run yet."""
        tests: list[str] = []
        known: dict[str, Verdict] = {}
        commit = ""
        for event in self.events():
            commit = event.get("commit", commit)
            tests = event.get("all", tests)
            if "test" in event:
                known[event["test"]] = Verdict(event["outcome"], event["reason"], commit)
        return {test: known.get(test) for test in tests}

    def write(self, **event: object) -> None:
        """Add a line to the file."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(event) + "\n")

    def forget(self, *, only_failed: bool) -> None:
        """Remove the outcomes of failed tests, or all."""
        if not only_failed:
            self.file.unlink(missing_ok=True)
            self.log.unlink(missing_ok=True)
            return
        failed = {test for test, verdict in self.verdicts().items() if verdict and verdict.outcome == "failed"}
        kept = [event for event in self.events() if event.get("test") not in failed]
        if failed:
            self.file.write_text("".join(json.dumps(event) + "\n" for event in kept), "utf-8")

    def open_test(self) -> str | None:
        """The test that was started last, if it has not ended."""
        for event in reversed(self.events()):
            if "test" in event:
                return None
            if "started" in event:
                return str(event["started"])
        return None


def folders(store: Path, names: Sequence[str]) -> list[Folder]:
    """The folders with these names, or all, in the order of running. Raises ``ValueError`` for an unknown one."""
    found = {"tests", *(f"tests/{file.parent.name}" for file in (ROOT / "tests").glob("*/test_*.py"))}
    unknown = [name for name in names if name.rstrip("/") not in found]
    if unknown:
        raise ValueError(f"no folder of tests: {', '.join(unknown)}")
    chosen = {name.rstrip("/") for name in names} or found
    ordered = sorted(chosen, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    return [Folder(name, store / "verdicts" / f"{name.replace('/', '-')}.jsonl") for name in ordered]


def commit() -> str:
    """The commit of the working tree, with a plus sign if it was changed since; ``unknown`` without git."""
    if shutil.which("git") is None:
        return "unknown"
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--abbrev=10"], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"


def run_folder(folder: Folder, run: Callable[[Folder], int]) -> None:
    """Run all tests without an outcome. After a hang or crash the test counts as failed and pytest is started again."""
    while True:
        folder.write(commit=commit())  # also resets the time of the guard
        before = len(folder.events())
        code = run(folder)
        happened = folder.events()[before:]
        if (hung := folder.open_test()) is not None:
            reason = f"did not end in {SILENCE} s, or its process died (exit code {code})"
            folder.write(test=hung, outcome="failed", reason=reason, seconds=0)
            continue
        if code not in (0, NONE_LEFT) and not any(event.get("outcome") == "failed" for event in happened):
            print(f"{folder.name}: pytest ended with {code} though no test failed, see {folder.log}", flush=True)
        return


def run_once(folder: Folder, place: Wine, variables: dict[str, str]) -> int:
    """Run pytest once in a new session; returns its exit code."""
    inside = rf"Z:\store\verdicts\{folder.file.name}"
    options = ["-m", "pytest", "-p", "no:cacheprovider", "-p", "tests.support.verdicts", f"--verdicts={inside}", "-v"]
    options.append("--continue-on-collection-errors")
    with place.session() as session, folder.log.open("ab") as log:
        ended = threading.Event()
        guard = threading.Thread(target=_end_when_silent, args=(folder, session, ended))
        guard.start()
        try:
            command = [wine.PYTHON, *options, *folder.arguments]
            return session.run(command, env={**wine.PYTHON_ENVIRONMENT, **variables}, show=log)[0]
        finally:
            ended.set()
            guard.join()


def _end_when_silent(folder: Folder, session: Session, ended: threading.Event) -> None:
    """Kill the session when no test has started or ended for :data:`SILENCE`."""
    while not ended.wait(5):
        if time.time() - folder.file.stat().st_mtime > SILENCE:
            session.run(["wineserver", "-k"], windows=False)
            return


# ------------------------------------------------------------------------------------------------ the count


def report(counted: Sequence[Folder]) -> Iterator[str]:
    """The lines of the report."""
    whole: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    commits: Counter[str] = Counter()
    failures: list[str] = []
    yield "| tests | passed | failed | skipped | not run |"
    yield "|---|---|---|---|---|"
    for folder in sorted(counted, key=lambda folder: folder.name):
        row: Counter[str] = Counter()
        for test, verdict in folder.verdicts().items():
            row[verdict.outcome if verdict else "not run"] += 1
            if verdict is None:
                continue
            commits[verdict.commit] += 1
            if verdict.outcome == "skipped":
                reasons[verdict.reason] += 1
            elif verdict.outcome == "failed":
                failures.append(f"{test}: {' '.join(verdict.reason.split())[:200]}")
        whole += row
        name = folder.name if folder.name != "tests" else "tests/*.py"
        yield f"| `{name}` | {' | '.join(f'{row[kind]:,}' for kind in KINDS)} |"
    yield f"| all | {' | '.join(f'{whole[kind]:,}' for kind in KINDS)} |"
    yield f"\npassed: {percent(whole):.1f} % of {whole.total():,} tests (aim: {AIM} %)"
    yield "code: " + ", ".join(f"{name} ({count:,})" for name, count in commits.most_common())
    yield "\nskipped:"
    yield from (f"{count:6,}  {reason}" for reason, count in reasons.most_common())
    yield "\nfailed:"
    yield from failures or ["none"]


def percent(whole: Counter[str]) -> float:
    """The percentage of tests that passed."""
    return 100 * whole["passed"] / whole.total() if whole else 0.0


def outcome(counted: Sequence[Folder]) -> int:
    """The exit code."""
    whole = Counter(
        verdict.outcome if verdict else "not run" for folder in counted for verdict in folder.verdicts().values()
    )
    return 0 if percent(whole) >= AIM and not whole["failed"] and not whole["not run"] else 1


def main(arguments: Sequence[str]) -> int:
    """Entry point."""
    words, prefix = list(arguments), "prefix"
    if "--prefix" in words[:-1]:
        at = words.index("--prefix")
        prefix = words[at + 1]
        del words[at : at + 2]
    options = {word for word in words if word.startswith("-")}
    place = Wine(wine.store_folder(), prefix)
    try:
        if unknown := options - {"--failed", "--again", "--count"}:
            raise ValueError(f"{', '.join(sorted(unknown))}?\n{__doc__}")
        chosen = folders(place.store, [word for word in words if not word.startswith("-")])
        if "--count" not in options:
            wine.ready(place.store)
            place.make_prefix()
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 69
    if "--count" not in options:
        for folder in chosen:
            if options:
                folder.forget(only_failed="--again" not in options)
            began = time.monotonic()
            try:
                with wine.server_outside() as found:
                    run_folder(folder, lambda tests, given=found: run_once(tests, place, given))  # type: ignore[misc]
            except RuntimeError as error:
                print(error, file=sys.stderr)
                return 69
            counts = Counter(verdict.outcome if verdict else "not run" for verdict in folder.verdicts().values())
            numbers = ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS if counts[kind])
            print(f"{folder.name}: {numbers} ({time.monotonic() - began:.0f} s)", flush=True)
    print()
    for line in report(chosen):
        print(line)
    return outcome(chosen)
