"""A crash is reported once, at the next start; after an ordinary end nothing is reported."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.app import crash
from archisync_gui.app.crash import CrashWatch
from archisync_gui.app.profile import Profile, open_profile


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(str(tmp_path / "office"), demo=False)


@pytest.fixture
def watch(profile: Profile) -> Iterator[CrashWatch]:
    made = CrashWatch(profile)
    yield made
    made.end()


def test_after_an_ordinary_end_nothing_is_reported(profile: Profile, watch: CrashWatch) -> None:
    assert watch.begin("en") == ""
    watch.end()
    assert watch.begin("en") == ""
    assert not profile.crash_file.read_text(encoding="utf-8")


def test_an_unclean_exit_is_reported_once_in_both_languages(profile: Profile) -> None:
    for language, words in (("en", "did not close as it should"), ("it", "non si è chiuso regolarmente")):
        dead = CrashWatch(profile)
        dead.begin(language)
        dead.end()
        (profile.folder / "log" / "running").write_text("25/11/2026 08:12\n", encoding="utf-8")  # as after a kill
        survivor = CrashWatch(profile)
        told = survivor.begin(language)
        survivor.end()
        assert words in told
        assert "25/11/2026 08:12" in told
        again = CrashWatch(profile)
        assert again.begin(language) == ""
        again.end()


def test_an_error_in_a_slot_or_thread_is_reported_with_its_stack(
    profile: Profile, watch: CrashWatch, expected_errors: Any
) -> None:
    expected_errors(
        r"archisync_gui\.app\.crash: unhandled ZeroDivisionError", r"archisync_gui\.app\.crash: unhandled KeyError"
    )
    watch.begin("en")
    try:
        raise ZeroDivisionError("in a slot")
    except ZeroDivisionError as error:
        sys.excepthook(ZeroDivisionError, error, error.__traceback__)

    def broken() -> None:
        raise KeyError("in a thread")

    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
    watch.end()
    told = watch.begin("en")
    assert "ZeroDivisionError: in a slot" in told
    assert "KeyError: 'in a thread'" in told
    assert "did not close" not in told  # the program continued and ended normally
    assert profile.crash_file.with_name("crash.previous.txt").exists()


def test_an_error_that_is_raised_continuously_does_not_fill_the_disk(
    profile: Profile, watch: CrashWatch, expected_errors: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example an error in painting; also one whose message differs each time."""
    expected_errors.allow("unhandled ZeroDivisionError")
    expected_errors.allow("unhandled KeyError")
    monkeypatch.setattr(crash, "MOST", 5000)
    watch.begin("en")

    def fails(number: int | None = None) -> None:
        try:
            if number is not None:
                raise KeyError(number)
            1 / 0  # noqa: B018
        except (KeyError, ZeroDivisionError) as error:
            sys.excepthook(type(error), error, error.__traceback__)

    for _ in range(1005):
        fails()
    said = profile.crash_file.read_text(encoding="utf-8")
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("1000 times: ZeroDivisionError: division by zero")
    for number in range(200):
        fails(number)
    assert 5000 <= profile.crash_file.stat().st_size < 6000


def test_after_a_crash_in_native_code_stacks_and_an_unclean_exit_are_reported(profile: Profile) -> None:
    program = (
        "import os, sys\n"
        "from archisync_gui.app.crash import CrashWatch\n"
        "from archisync_gui.app.profile import open_profile\n"
        "CrashWatch(open_profile(sys.argv[1], demo=False)).begin('en')\n"
        "def deep_inside():\n"
        "    os.abort()\n"
        "deep_inside()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(profile.folder)], capture_output=True, timeout=60)
    assert ended.returncode != 0
    survivor = CrashWatch(profile)
    told = survivor.begin("en")
    survivor.end()
    assert "did not close as it should" in told
    assert "deep_inside" in told


def test_a_crash_is_reported_although_its_file_cannot_be_written(
    profile: Profile, watch: CrashWatch, expected_errors: Any
) -> None:
    expected_errors(r"archisync_gui\.app\.crash: unhandled ZeroDivisionError")

    class Full:
        def write(self, text: str) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            return None

    watch.begin("en")
    assert watch._stacks is not None
    watch._stacks.close()
    watch._stacks = Full()  # type: ignore[assignment]
    watch._unhandled(ZeroDivisionError, ZeroDivisionError("x"), None)
