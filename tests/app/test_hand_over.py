"""The command line beside a running panel: the panel does the work; output and exit codes are the same as without."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archisync_gui import cli
from archisync_gui.app import channel, exit_codes
from archisync_gui.app.channel import ChannelServer, Emit
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.model import FailureKind, SyncFailure

RESULT = {"type": "orders", "outcome": "completed", "rows": 3, "added": 1, "changed": 0, "gone": 0, "durationMs": 1200}
EXPLAINED = {"at": "2026-03-02T08:00:00+00:00", "reason": "hold", "params": {}, "forecast": []}


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    """A profile locked by another process."""
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    yield profile
    lock.release()


@contextmanager
def holder(profile: Profile, handler: channel.Handler) -> Iterator[None]:
    """The other process, simulated in a thread with its own loop."""
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        server = ChannelServer(profile, handler)
        await server.start()
        ready.set()
        await asyncio.to_thread(over.wait)
        await server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        over.set()
        thread.join()


def run(profile: Profile, *arguments: str) -> int:
    return cli.main([*arguments, "--demo", "--profile", str(profile.folder)])


async def works(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
    if name == "sync":
        assert args == {"types": ["orders"]}
        emit({"kind": "sync-progress", "type": "orders", "step": "read", "page": 1, "pages": 4, "rows": 50})
        emit({"kind": "result", **RESULT})
        return exit_codes.REFUSED, [RESULT]
    return exit_codes.OK, EXPLAINED


def test_progress_results_and_exit_code_are_those_of_the_holder(
    profile: Profile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")
    with holder(profile, works):
        assert run(profile, "sync", "orders", "--json") == exit_codes.REFUSED
        said = capsys.readouterr()
        assert [json.loads(line) for line in said.out.splitlines()] == [RESULT]
        assert said.err == ""
        assert run(profile, "sync", "orders") == exit_codes.REFUSED
        said = capsys.readouterr()
        assert "50 righe" in said.err
        assert said.out.startswith("Ordini")


def test_explain_is_answered_by_the_holder_with_the_same_json(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, Any]] = []

    async def tells(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        asked.append({"name": name, **args})
        return exit_codes.OK, EXPLAINED

    with holder(profile, tells):
        assert run(profile, "explain", "--at", "2026-03-02T09:00+01:00", "--json") == exit_codes.OK
        assert json.loads(capsys.readouterr().out) == EXPLAINED
    assert asked[0]["name"] == "explain"
    assert asked[0]["at"].startswith("2026-03-02T")


@pytest.mark.parametrize("command", [("status",), ("explain",), ("hold",), ("release",), ("sync", "orders")])
@pytest.mark.parametrize(("language", "sentence"), [("it_IT", "non risponde"), ("en_US", "does not answer")])
def test_a_holder_that_does_not_answer_is_exit_code_75_and_a_message(
    command: tuple[str, ...],
    language: str,
    sentence: str,
    profile: Profile,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channel, "FIRST_ANSWER", 0.05)
    monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(channel._socket_path(profile)))
        mute.listen()
        assert run(profile, *command) == exit_codes.BUSY == 75
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert sentence in said.err


@pytest.mark.parametrize(
    "error",
    [OSError("the disk is gone"), SyncFailure("request-closing", FailureKind.PERMANENT), ZeroDivisionError("a bug")],
    ids=["broken", "closing", "bug"],
)
def test_a_holder_that_fails_or_closes_while_it_works_is_exit_code_75_too(
    error: Exception, profile: Profile, capsys: pytest.CaptureFixture[str], expected_errors: Any
) -> None:
    if isinstance(error, ZeroDivisionError):
        expected_errors("channel: a call failed")

    async def dies(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        raise error

    with holder(profile, dies):
        assert run(profile, "status") == exit_codes.BUSY
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_standalone_beside_a_holder_is_refused_with_its_pid(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(profile, "status", "--standalone") == exit_codes.BUSY
    assert str(ProfileLock(profile).holder()) in capsys.readouterr().err


def test_the_time_limit_for_an_answer() -> None:
    """5 s."""
    assert channel.FIRST_ANSWER == 5.0
