"""A start of the program, ``quit`` and commands are answered while a profile is held and its core is not open."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from test_lives import Parts, lived

from archisync_gui import cli
from archisync_gui.app import data_care, exit_codes
from archisync_gui.app.channel import NoAnswer, call
from archisync_gui.app.life import Life
from archisync_gui.app.office import _answering
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.messages import system_language, text
from archisync_gui.store import StoreError


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(f"{tmp_path / 'p'}{os.sep}", demo=True)


async def asks(profile: Profile, name: str, **args: Any) -> tuple[int, Any] | None:
    """What the holder answers; ``None``: nobody answers."""
    with suppress(NoAnswer):
        async with asyncio.timeout(20):
            return await call(profile, name, args, lambda _event: None)
    return None


@pytest.mark.qasync
async def test_during_the_work_between_two_lives(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restore, an erasure: minutes in which a second start said that the program hangs, and to end it."""

    answers: list[tuple[int, Any] | None] = []

    class Works(Parts):
        async def opens(self, life: Life) -> None:
            life.move(self.work, "working") if len(self.lives) == 1 else life.quit.set()

        async def work(self) -> tuple[str, str]:
            answers.append(await asks(profile, "raise", hidden=True, open="history"))
            answers.append(await asks(profile, "status"))
            return await super().work()

    parts = Works()
    assert await lived(parts, profile, qapp, monkeypatch) == exit_codes.OK
    assert answers == [(exit_codes.OK, None), (exit_codes.BUSY, None)]
    assert parts.lives[1].place == "history"


@pytest.mark.qasync
async def test_work_that_follows_a_quit_lets_a_second_start_wait(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[tuple[int, Any] | None] = []

    class Quits(Parts):
        async def opens(self, life: Life) -> None:
            life.move(self.work, "working")

        async def closes(self, life: Life) -> None:
            life.quit.set()

        async def work(self) -> tuple[str, str]:
            answers.append(await asks(profile, "raise"))
            return await super().work()

    parts = Quits()
    assert await lived(parts, profile, qapp, monkeypatch) == exit_codes.OK
    assert answers == [(exit_codes.BUSY, {"window": True})]


@pytest.mark.qasync
async def test_while_a_failure_is_shown(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    """The box may be behind other windows, and an installer asks the panel to end."""
    expected_errors(r"archisync_gui\.app\.life: the panel could not go on")

    class Fails(Parts):
        async def opens(self, life: Life) -> None:
            raise StoreError("newer", path="archisync.db", detail="")

    living = asyncio.ensure_future(lived(Fails(), profile, qapp, monkeypatch))
    async with asyncio.timeout(30):
        while (answer := await asks(profile, "raise")) is None:  # noqa: ASYNC110 (the panel begins)
            await asyncio.sleep(0.05)
    assert answer == (exit_codes.OK, None)
    assert await asks(profile, "quit") == (exit_codes.OK, None)
    assert await living == exit_codes.CONFIG


def erases(profile: Profile, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> int:
    """The exit code of an erasure that finds a file in use at its end."""

    def erase(*_: object, **__: object) -> None:
        meanwhile()
        raise OSError(errno.EACCES, "in use", "archisync.log")

    monkeypatch.setattr(data_care, "prepare", lambda _profile: None)
    monkeypatch.setattr(data_care, "erase_customer", erase)
    return cli.main(["data", "erase", "50120", "--yes", "--demo", "--profile", f"{profile.folder}{os.sep}"])


def test_a_command_that_erases_is_waited_for(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[tuple[int, Any] | None] = []

    def others_ask() -> None:
        answers.append(asyncio.run(asks(profile, "raise")))
        answers.append(asyncio.run(asks(profile, "quit")))

    assert erases(profile, monkeypatch, others_ask) == exit_codes.CONFIG
    assert answers == [(exit_codes.BUSY, {"window": False}), (exit_codes.BUSY, None)]
    # Not that nothing was done: log and pictures may be clean already.
    reason = {"reason": "archisync.log: in use"}
    assert capsys.readouterr().err.strip() == str(text("data-erase-failed", system_language(), reason))


async def test_a_command_that_joins_or_leaves_an_office_is_waited_for(profile: Profile) -> None:
    async def copying() -> int:
        assert await asks(profile, "raise") == (exit_codes.BUSY, {"window": False})
        return exit_codes.OK

    assert await _answering(profile, copying()) == exit_codes.OK
    assert await asks(profile, "raise") is None


def test_a_command_beside_such_work_says_that_it_was_not_done(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes: list[int] = []

    def status() -> None:
        codes.append(cli.main(["status", "--demo", "--profile", f"{profile.folder}{os.sep}"]))

    erases(profile, monkeypatch, status)
    assert codes == [exit_codes.BUSY]
    names = {"name": profile.name, "pid": ProfileLock(profile).holder() or os.getpid()}
    assert str(text("holder-works", system_language(), names)) in capsys.readouterr().err
