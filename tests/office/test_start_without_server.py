"""A member that starts during an outage of the server shows that it waits, and takes part when the server is back."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from members import Mode, Proxy, made_member
from PySide6.QtWidgets import QApplication, QPushButton
from remote_rig import make_office

from archisync_gui.app import exit_codes
from archisync_gui.app.channel import call
from archisync_gui.app.desktop import _lives
from archisync_gui.app.joining import PASSWORD
from archisync_gui.app.life import Life
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.settings import load_settings
from archisync_gui.store.postgres_server import Server
from archisync_gui.ui.dialogs.office import OfficeDialog
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.text.i18n import set_language
from tests.support.ports import free_port
from tests.support.postgres import on_a_server
from tests.support.waiting import until

pytestmark = on_a_server

PATIENCE = 120.0
AWAY: tuple[Mode, ...] = ("cut", "silent")


@asynccontextmanager
async def away(office: Server, folder: Path, mode: Mode) -> AsyncIterator[tuple[Profile, Proxy]]:
    """A member's profile, and the broken proxy to its server."""
    await make_office(office, folder / "made")
    proxy = Proxy(office)
    async with proxy as server:
        proxy.set(mode)
        profile = open_profile(str(folder / "pc"), demo=True)
        settings = {"look.language": "en", "endpoint.port": free_port()}
        made_member(profile, server, settings)
        yield profile, proxy


async def program(profile: Profile, server: Server, *words: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, PASSWORD: server.password, "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "archisync_gui", *words, "--profile", str(profile.folder), "--demo"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )


async def says(stream: asyncio.StreamReader | None, words: str) -> None:
    assert stream is not None
    async with asyncio.timeout(PATIENCE):
        async for line in stream:
            if words in line.decode():
                return
    raise AssertionError(f"never said: {words}")


@pytest.mark.parametrize("mode", AWAY)
async def test_a_member_waits_for_the_server_and_takes_part(office: Server, tmp_path: Path, mode: Mode) -> None:
    async with away(office, tmp_path, mode) as (profile, proxy):
        running = await program(profile, office, "office", "run")
        try:
            await says(running.stderr, "does not answer")
            await says(running.stderr, "tries again every few seconds")
            proxy.set("open")
            await says(running.stdout, "reads for the office")
            if sys.platform != "win32":
                running.terminate()
            else:  # on a system without a signal for a clean end
                ending = await program(profile, office, "quit")
                await ending.communicate()
            async with asyncio.timeout(PATIENCE):
                assert await running.wait() == exit_codes.OK
        finally:
            if running.returncode is None:
                running.kill()
            await running.communicate()


async def test_a_waiting_member_can_be_ended(office: Server, tmp_path: Path) -> None:
    async with away(office, tmp_path, "cut") as (profile, _):
        running = await program(profile, office, "office", "run")
        try:
            await says(running.stderr, "tries again every few seconds")
            # Meanwhile it answers other processes: a second start learns that it has no window, and ``quit`` ends it.
            code, _ = await call(profile, "raise", {}, lambda _event: None)
            assert code == exit_codes.BUSY
            ending = await program(profile, office, "quit")
            async with asyncio.timeout(PATIENCE):
                assert await ending.wait() == exit_codes.OK
                assert await running.wait() == exit_codes.OK
            await ending.communicate()
        finally:
            if running.returncode is None:
                running.kill()
            await running.communicate()


@pytest.mark.parametrize("mode", AWAY)
@pytest.mark.parametrize(
    "words", [("office", "status"), ("office", "doctor"), ("office", "leave"), ("status",), ("hold",)], ids=" ".join
)
async def test_a_command_says_that_the_server_is_away_and_ends(
    office: Server, tmp_path: Path, mode: Mode, words: tuple[str, ...]
) -> None:
    async with away(office, tmp_path, mode) as (profile, _):
        running = await program(profile, office, *words)
        try:
            async with asyncio.timeout(PATIENCE):
                _, told = await running.communicate()
        finally:
            if running.returncode is None:
                running.kill()
                await running.communicate()
        assert running.returncode == exit_codes.CONFIG
        assert "does not answer" in told.decode()


def window(with_services: bool) -> MainWindow | None:
    shown = [top for top in QApplication.topLevelWidgets() if isinstance(top, MainWindow) and top.isVisible()]
    return next((one for one in shown if (one.context.services is not None) is with_services), None)


@asynccontextmanager
async def panel_that_waits(
    app: QApplication, office: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, language: str = "en"
) -> AsyncIterator[tuple[MainWindow, Profile, Proxy, asyncio.Future[int], asyncio.Event]]:
    """The window of a panel during an outage, its profile and proxy, its task, and the event that ends it."""
    monkeypatch.setenv(PASSWORD, office.password)
    async with away(office, folder, "cut") as (profile, proxy), AsyncExitStack() as stack:
        stack.callback(set_language, "en")
        set_language("en" if language == "it" else "it")  # the system's language may be the other one
        load_settings(profile.settings_file).settings.with_({"look.language": language}).save(profile.settings_file)
        lock = ProfileLock(profile)
        assert lock.acquire()
        stack.callback(lock.release)
        stop = asyncio.Event()
        living = asyncio.ensure_future(_lives(app, Life(profile, None, stop), hidden=False))
        stack.push_async_callback(asyncio.gather, living, return_exceptions=True)
        stack.callback(stop.set)
        found = await until(lambda: window(with_services=False), PATIENCE)
        assert found is not None
        await until(lambda: found.notice.text, PATIENCE)
        yield found, profile, proxy, living, stop


WORDS = {
    "it": ("In attesa dell'ufficio", "riprova ogni pochi secondi", "non risponde", "prosegue da solo", "Ufficio…"),
    "en": (
        "Waiting for the office",
        "tries again every few seconds",
        "does not answer",
        "goes on by itself",
        "Office…",
    ),
}


@pytest.mark.qasync
@pytest.mark.parametrize("language", ["it", "en"])
async def test_a_panel_opens_shows_the_outage_and_continues_with_the_server(
    qapp: QApplication, office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    waiting = panel_that_waits(qapp, office, tmp_path, monkeypatch, language)
    async with waiting as (found, profile, proxy, living, stop):
        title, detail, why, then, button = WORDS[language]
        assert found.header.title.text() == title
        assert detail in found.header.detail.text()
        assert why in found.notice.text
        assert then in found.notice.text
        assert found.header.fix.isVisible()
        assert found.header.fix.text().replace("&", "") == button
        # No data are shown yet.
        assert not any(word in found.notice.text for word in ("shown", "mostrati"))
        # A second start of the program finds this one.
        code, _ = await call(profile, "raise", {"hidden": False, "open": ""}, lambda event: None)
        assert code == exit_codes.OK
        # The dialog *Office* can be opened, so that the user can leave the office.
        found.header.fix.click()
        dialog = await until(lambda: next(iter(found.findChildren(OfficeDialog)), None))
        assert dialog is not None
        assert dialog.leave.isVisible()
        assert dialog.leave.isEnabled()
        dialog.close()
        proxy.set("open")
        after = await until(lambda: window(with_services=True), PATIENCE)
        assert after is found
        await until(lambda: title != found.header.title.text())
        assert why not in found.notice.text
        stop.set()
        async with asyncio.timeout(PATIENCE):
            assert await living == 0


@pytest.mark.qasync
@pytest.mark.parametrize("way", ["button", "keys"])
async def test_a_waiting_panel_can_be_quit(
    qapp: QApplication, office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with panel_that_waits(qapp, office, tmp_path, monkeypatch) as (found, _, _, living, _):
        if way == "keys":
            found.quit_asked.emit()
        else:
            (button,) = [one for one in found.notice.findChildren(QPushButton) if one.text() == "&Quit"]
            button.click()
        async with asyncio.timeout(PATIENCE):
            assert await living == 0
