"""`archisync-gui quit`: an installer calls it before it replaces the program's files."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archisync_gui import cli
from archisync_gui.app import autostart, channel, exit_codes, profile, profile_folder, quitting
from archisync_gui.app.channel import ChannelServer, Emit
from archisync_gui.app.commands import serve
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.model import Account, Finished, Outcome, RunControl, SystemClock
from archisync_gui.orchestrator import Orchestrator
from tests.orchestrator.rig import QUIET, TYPES, ListJournal
from tests.support.clock import settle
from tests.support.waiting import until


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of named profiles."""
    for module in (profile_folder, profile, autostart):
        monkeypatch.setattr(module, "profiles_folder", lambda: tmp_path / "profiles")
    monkeypatch.setattr(quitting, "LOOK", 0.001)
    return tmp_path / "profiles"


class HolderCore:
    """The part of a core that the call `quit` needs, with an orchestrator that is at a read until a test ends it."""

    def __init__(self, *, panel: bool, run: str | None = None) -> None:
        self.asked = threading.Event()
        self.quit = self.asked.set if panel else None
        self.orchestrator = self
        self.run = run
        self.listeners: list[Callable[[Any], None]] = []

    def get_status(self) -> Any:
        return SimpleNamespace(current_run=None if self.run is None else SimpleNamespace(id=self.run))

    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def publish(self, run: str | None) -> None:
        self.run = run
        for listener in tuple(self.listeners):
            listener(None)


@contextmanager
def holding(held: Profile, core: Any, *, until: threading.Event | None = None) -> Iterator[None]:
    """Another process that holds ``held`` until ``until`` is set (by default: until it is asked to quit)."""
    ready, over = threading.Event(), threading.Event()

    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        return await serve(core, name, args, emit)

    async def live() -> None:
        server = ChannelServer(held, handler)
        await server.start()
        ready.set()
        await asyncio.to_thread((until or core.asked).wait)
        await server.stop()

    def run() -> None:
        lock = ProfileLock(held)
        assert lock.acquire()
        asyncio.run(live())
        lock.release()
        over.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        (until or core.asked).set()
        thread.join()


def test_a_panel_ends_and_the_line_that_starts_it_again_is_printed(
    profiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office, demo = open_profile(None, demo=False), open_profile(None, demo=True)
    core = HolderCore(panel=True)
    with holding(demo, core):
        assert cli.main(["quit", "--all"]) == exit_codes.OK
        assert core.asked.is_set()
        assert ProfileLock(demo).acquire()
    said = capsys.readouterr()
    assert said.out.splitlines() == [subprocess.list2cmdline(autostart.command(demo))]
    assert "--hidden --profile demo --demo" in said.out
    assert said.err == ""
    assert office.name == "default"


async def asked(core: HolderCore, finish: float) -> tuple[int, Any]:
    return await serve(core, "quit", {"finish": finish}, lambda _event: None)  # type: ignore[arg-type]


async def test_for_an_installer_a_panel_quits_once_its_read_has_ended() -> None:
    core = HolderCore(panel=True, run="r1")
    quitting_panel = asyncio.ensure_future(asked(core, 60))
    await until(lambda: core.listeners)
    for run in ("r1", "r1"):  # its progress
        core.publish(run)
        await settle()
    assert not quitting_panel.done()
    core.publish("r2")  # the next one, which has just started, is not waited for
    assert await quitting_panel == (exit_codes.OK, None)
    await settle()
    assert core.asked.is_set()
    assert core.listeners == []


async def test_the_read_that_may_end_first_is_complete() -> None:
    """With the real orchestrator, whose next read waits already."""
    may_end, read = asyncio.Event(), list[str]()

    async def runner(control: RunControl) -> Finished:
        read.append(control.run.type)
        await may_end.wait()
        may_end.clear()
        return Finished(Outcome.COMPLETED, as_of=SystemClock().now(), rows=1)

    orchestrator = Orchestrator(TYPES, runner, [Account("agente01")], ListJournal(), clock=SystemClock(), rules=QUIET)
    await orchestrator.start()
    core = HolderCore(panel=True)
    core.orchestrator = orchestrator  # type: ignore[assignment]
    tickets = {name: orchestrator.request_sync(name) for name in ("customers", "orders")}
    await until(lambda: read)
    quitting_panel = asyncio.ensure_future(asked(core, 60))
    for _ in range(100):
        await settle()
    assert not quitting_panel.done()
    may_end.set()
    assert (await quitting_panel)[0] == exit_codes.OK
    await orchestrator.close()
    assert (await tickets.pop(read[0])).outcome is Outcome.COMPLETED
    assert [(await ticket).outcome for ticket in tickets.values()] == [Outcome.CANCELLED]


@pytest.mark.parametrize(("run", "finish"), [(None, 60), ("r1", 0), ("r1", 0.01)])
async def test_a_panel_without_a_read_quits_at_once_and_one_with_a_long_read_after_the_limit(
    run: str | None, finish: float
) -> None:
    core = HolderCore(panel=True, run=run)
    assert await asked(core, finish) == (exit_codes.OK, None)
    await settle()
    assert core.asked.is_set()
    assert core.listeners == []


def test_only_an_installer_lets_the_read_end_first(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo, core, calls = open_profile(None, demo=True), HolderCore(panel=True), list[Any]()

    async def call(*what: Any) -> tuple[int, Any]:
        calls.append(what[2])
        core.asked.set()
        return exit_codes.OK, None

    monkeypatch.setattr(quitting, "call", call)
    for arguments in (["quit", "--demo"], ["quit", "--all"]):
        core.asked.clear()
        with holding(demo, core):
            assert cli.main(arguments) == exit_codes.OK
    assert calls == [{"finish": 0.0}, {"finish": quitting.FINISH}]


def test_a_panel_that_has_just_started_is_asked_until_it_hears(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At login, an administrator's update runs beside the autostart. The panel has no channel in its first seconds; it
    was asked only once, and after a minute the installer gave up."""
    demo, core, asked = open_profile(None, demo=True), HolderCore(panel=True), 0

    async def deaf_at_first(*what: Any) -> tuple[int, Any]:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise channel.NoAnswer("no channel yet")
        return await channel.call(*what)

    monkeypatch.setattr(quitting, "call", deaf_at_first)
    monkeypatch.setattr(quitting, "PATIENCE", 10.0)
    with holding(demo, core):
        assert cli.main(["quit", "--demo"]) == exit_codes.OK
        assert core.asked.is_set()


def test_a_panel_that_heard_late_may_still_end_its_read(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time to close its data begins when the read has ended; else the panel would not be ended at all."""
    demo, core, asked, seconds = open_profile(None, demo=True), HolderCore(panel=True), list[Any](), 0.0

    async def deaf_at_first(*what: Any) -> tuple[int, Any]:
        nonlocal seconds
        asked.append(what[2])
        if len(asked) == 1:
            raise channel.NoAnswer("no channel yet")
        seconds += 2 * quitting.PATIENCE  # its read
        return await channel.call(*what)

    monkeypatch.setattr(quitting, "time", SimpleNamespace(monotonic=lambda: seconds))
    monkeypatch.setattr(quitting, "call", deaf_at_first)
    with holding(demo, core):
        assert cli.main(["quit", "--all"]) == exit_codes.OK
        assert core.asked.is_set()
    assert asked == [{"finish": quitting.FINISH}] * 2


def test_an_installer_gets_the_lines_in_a_file_with_all_characters(
    profiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ł (as in Łukasz) is not in the code page, so a printed line would not work."""
    program = "\\".join(("C:", "Users", "Łukasz Ελένη", "app", "archisync-gui-panel.exe"))
    monkeypatch.setattr(autostart, "program", lambda: [program])
    target = tmp_path / "restart.txt"
    target.write_text("of an earlier call")
    held = [open_profile(name, demo=False) for name in ("default", "second")]
    with holding(held[0], HolderCore(panel=True)), holding(held[1], HolderCore(panel=True)):
        assert cli.main(["quit", "--all", "--restart-list", str(target)]) == exit_codes.OK
    assert target.read_bytes().decode("utf-16-le") == "".join(
        f'"{program}" --hidden --profile {name}\r\n' for name in ("default", "second")
    )
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_list_that_cannot_be_written_ends_no_panel(
    profiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = open_profile(None, demo=True)
    core = HolderCore(panel=True)
    with holding(held, core):
        assert cli.main(["quit", "--all", "--restart-list", str(tmp_path)]) == exit_codes.CONFIG
        assert not core.asked.is_set()
    assert str(tmp_path) in capsys.readouterr().err


def test_what_the_system_refuses_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    """As for ``data export`` into a folder that cannot be written: those commands have no log."""
    command = [sys.executable, "-m", "archisync_gui", "quit", "--all", "--restart-list", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == exit_codes.CONFIG
    assert str(tmp_path) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_profile_that_cannot_be_used_is_named_and_the_others_are_asked(
    profiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, held = open_profile("a-broken", demo=False), open_profile("b-held", demo=False)
    (broken.folder / "profile.lock").unlink(missing_ok=True)
    (broken.folder / "profile.lock").mkdir()
    core = HolderCore(panel=True)
    with holding(held, core):
        assert cli.main(["quit", "--all"]) == exit_codes.CONFIG
        assert core.asked.is_set()
    said = capsys.readouterr()
    assert "--profile b-held" in said.out
    assert "a-broken" in said.err
    assert "Traceback" not in said.err


def test_only_the_named_profile_is_asked(profiles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_profile(None, demo=False)
    demo = open_profile(None, demo=True)
    core = HolderCore(panel=True)
    with holding(demo, core):
        assert cli.main(["quit"]) == exit_codes.OK
        assert not core.asked.is_set()
    assert capsys.readouterr().out == ""


def test_without_any_profile_no_files_are_made(profiles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["quit", "--all"]) == exit_codes.OK
    assert capsys.readouterr() == ("", "")
    assert not profiles.exists()


def test_quit_waits_for_a_command_and_does_not_list_it_for_a_restart(
    profiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`sync` in a terminal ends by itself, and is not restarted as a panel is."""
    held = open_profile(None, demo=True)
    ends = threading.Event()
    asked = threading.Event()

    class Command(HolderCore):
        def __getattribute__(self, name: str) -> Any:
            if name == "quit":
                asked.set()
            return super().__getattribute__(name)

    with holding(held, Command(panel=False), until=ends):
        threading.Thread(target=lambda: asked.wait(10) and ends.set()).start()
        assert cli.main(["quit", "--all"]) == exit_codes.OK
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("language", "sentence"), [("it_IT", "tiene ancora"), ("en_US", "still holds")])
def test_a_panel_that_does_not_end_is_exit_code_75_and_a_message(
    language: str,
    sentence: str,
    profiles: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quitting, "PATIENCE", 0.05)
    monkeypatch.setattr(channel, "FIRST_ANSWER", 1.0)
    monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
    held = open_profile(None, demo=True)
    core = HolderCore(panel=True)
    with holding(held, core, until=threading.Event()):
        assert cli.main(["quit", "--all"]) == exit_codes.BUSY
        assert core.asked.is_set()
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert sentence in said.err
