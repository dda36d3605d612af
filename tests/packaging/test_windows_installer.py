"""The Windows installer under Wine, from an empty user: install, read, upgrade beside a panel, repair, uninstall."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import build_windows
import pytest
from small_setup import USER, needs_wine
from wine import Session, Wine, ready, store_folder

from archisync_gui.endpoint.paired_pages import FILE as PAGES
from archisync_gui.endpoint.pairing import Access, PairingStore
from archisync_gui.model import SystemClock
from archisync_gui.settings import VERSION
from archisync_gui.store.postgres_server import Server
from tests.support.ports import free_port

pytestmark = [pytest.mark.nightly, needs_wine]

PROGRAM = rf"{USER}\AppData\Local\Programs\Archisync"
CONSOLE = rf"{PROGRAM}\app\archisync-gui.exe"
PANEL = rf"{PROGRAM}\app\archisync-gui-panel.exe"
UNINSTALL = [rf"{PROGRAM}\uninstall.exe", "/S"]

PATIENCE = 900.0
"""Seconds: a start under Wine takes 15 on an idle computer, and ten times as long on a busy one."""

FIRST, SECOND = "0.1.0", "0.2.0"


@pytest.fixture(scope="module")
def installers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Two versions' installers as Windows paths; the store's folder is what Windows sees of this machine."""
    ready(store_folder())
    app = tmp_path_factory.mktemp("windows") / "app"
    made: dict[str, str] = {}
    build_windows.program_folder(app, FIRST)
    for version in (FIRST, SECOND):
        build_windows.set_version(app, version)
        name = f"test-{version}-setup.exe"
        build_windows.installer(app, version, store_folder() / name, quick=True)
        made[version] = rf"Z:\store\{name}"
    shutil.rmtree(app)
    yield made
    for version in made:
        (store_folder() / f"test-{version}-setup.exe").unlink()


@pytest.fixture
def windows() -> Iterator[Wine]:
    """An empty Windows user; nothing of the working tree can be seen there."""
    wine = Wine(store_folder(), "test-user", project=None)
    shutil.rmtree(wine.home, ignore_errors=True)
    wine.make_prefix()
    yield wine
    shutil.rmtree(wine.home)


def drive(wine: Wine, windows_path: str) -> Path:
    """Where a path of drive C lies here."""
    return wine.home / "drive_c" / windows_path.removeprefix("C:\\").replace("\\", "/")


def registry(session: Session, key: str) -> str:
    """A key of this user as `reg query` shows it."""
    return session.run(["reg", "query", f"HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\{key}", "/s"])[1]


def version_on(port: int) -> str | None:
    """Version of the panel whose endpoint answers on ``port``."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:
            return str(json.load(answer)["version"])
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def post(port: int, token: str, path: str, body: dict[str, str]) -> dict[str, object]:
    """The endpoint's answer to an order form."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}/api/customers/{path}"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=300) as answer:
        return dict(json.load(answer))


def until_true(condition: Callable[[], bool], log: Path) -> None:
    """Wait for what no event tells, with a bound for a test that fails; then show the panel's log."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, log.read_text("utf-8") if log.exists() else "the panel has no log"
        time.sleep(0.5)


def test_from_an_empty_user_to_nothing_left_but_the_data(installers: dict[str, str], windows: Wine) -> None:
    profile = drive(windows, rf"{USER}\AppData\Local\archisync\profiles\demo")
    menu = drive(windows, rf"{USER}\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Archisync.lnk")
    with windows.session() as session:
        # Install.
        assert session.run([installers[FIRST], "/S"]) == (0, "")
        assert session.run([CONSOLE, "--version"]) == (0, f"Archisync {FIRST}\n")
        assert menu.exists()
        assert f"{PANEL} --hidden --profile default" in registry(session, "Run")
        assert "0.1.0" in registry(session, r"Uninstall\Archisync")

        # Every module can be imported: what was left out of Qt, Python and the libraries is not missed.
        code, said = session.run([rf"{PROGRAM}\app\python.exe", "-c", IMPORT_ALL])
        assert code == 0, said
        assert int(said) > 100

        # Read all six lists.
        code, said = session.run([CONSOLE, "sync", "all", "--demo", "--demo-clock", "stopped", "--json"])
        results = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        assert code == 0, said
        assert {r["type"]: r["outcome"] for r in results} == dict.fromkeys(
            ("customers", "orders", "ddt", "invoices", "prices", "products"), "completed"
        ), said
        assert sum(r["rows"] for r in results) > 10_000

        # A panel that reads, with its endpoint.
        port = free_port()
        settings = {"version": VERSION, "settings": {"endpoint.port": port}}
        (profile / "settings.json").write_text(json.dumps(settings))
        token = PairingStore(profile / PAGES, clock=SystemClock()).add("form", None, (Access.SESSIONS,), "agente01")[1]
        log = profile / "log" / "archisync.log"
        panel = session.start([PANEL, "--demo", "--hidden", "--latency", "real"])
        until_true(lambda: version_on(port) == FIRST, log)
        reading = session.start([CONSOLE, "sync", "orders", "--demo"])  # the panel does it
        until_true(lambda: '"currentSync": "' in session.run([CONSOLE, "status", "--demo", "--json"])[1], log)

        # An order form opens beside that read: its customers are fresh at once, and the read goes on when it is left.
        before, form = datetime.now(UTC), {"sessionId": "f" * 24}
        until_true(lambda: post(port, token, "smart-sync", form)["code"] == "fresh", log)
        opened = post(port, token, "smart-sync", form)
        assert datetime.fromisoformat(str(opened["newAsOf"])) > before
        assert post(port, token, "resume-syncs", form)["closed"] is True
        until_true(lambda: '"currentSync": "orders' in session.run([CONSOLE, "status", "--demo", "--json"])[1], log)

        # Upgrade: the panel is asked to end, and started again.
        code, said = session.run([installers[SECOND], "/S"])
        assert (code, said) == (0, "")
        assert panel.wait(PATIENCE) == 0
        assert reading.wait(PATIENCE) != 0
        assert session.run([CONSOLE, "--version"]) == (0, f"Archisync {SECOND}\n")
        until_true(lambda: version_on(port) == SECOND, log)
        assert session.run([CONSOLE, "quit", "--all"])[0] == 0
        assert not drive(windows, rf"{PROGRAM}\app.old").exists()

        # Repair: the same version again over an installation that lost a file.
        lost = drive(windows, rf"{PROGRAM}\app\Lib\site-packages\archisync_gui\cli.py")
        lost.unlink()
        assert session.run([CONSOLE, "--version"])[0] != 0
        assert session.run([installers[SECOND], "/S"])[0] == 0
        assert session.run([CONSOLE, "--version"]) == (0, f"Archisync {SECOND}\n")

        # Uninstall beside a panel: `_?=` makes the uninstaller run in place, so that its end can be waited for.
        panel = session.start([PANEL, "--demo", "--hidden"])
        until_true(lambda: version_on(port) == SECOND, log)
        assert session.run([*UNINSTALL, f"_?={PROGRAM}"])[0] == 0
        assert panel.wait(PATIENCE) == 0
        assert version_on(port) is None
        left = [p.name for p in drive(windows, PROGRAM).iterdir()] if drive(windows, PROGRAM).exists() else []
        assert left in ([], ["uninstall.exe"])  # run in place it cannot remove itself
        assert not menu.exists()
        assert "Archisync" not in registry(session, "Run")
        assert "Archisync" not in registry(session, "Uninstall")
        assert (profile / "archisync.db").exists()


# The charts need numpy, and the shipped one calls functions of Windows that Wine 10 lacks; test_deb.py imports them.
IMPORT_ALL = """
import importlib, pkgutil, archisync_gui
count = 0
for module in pkgutil.walk_packages(archisync_gui.__path__, 'archisync_gui.'):
    if not module.name.endswith(('__main__', '.charts')) and '.migrations' not in module.name:
        importlib.import_module(module.name); count += 1
from playwright.async_api import async_playwright
print(count)
"""


def test_a_computer_with_the_installed_program_joins_an_office(
    installers: dict[str, str], windows: Wine, office: Server
) -> None:
    """psycopg is in the installer, with the libpq and the TLS library that it brings, and reaches a server."""
    secret = {"ARCHISYNC_OFFICE_PASSWORD": office.password}
    with windows.session() as session:
        assert session.run([installers[FIRST], "/S", "/AUTOSTART=0"]) == (0, "")
        driver = "import psycopg; print(psycopg.pq.__impl__)"
        assert session.run([rf"{PROGRAM}\app\python.exe", "-c", driver]) == (0, "binary\n")
        for action in ("create", "join"):
            code, said = session.run([CONSOLE, "office", action, office.url, "--demo"], env=secret)
            assert code == 0, said
        code, said = session.run([CONSOLE, "office", "status", "--demo", "--json"], env=secret)
        assert code == 0, said
        assert json.loads(said)["members"] == []


def test_choices_are_kept_and_the_data_go_only_when_asked(installers: dict[str, str], windows: Wine) -> None:
    data = drive(windows, rf"{USER}\AppData\Local\archisync")
    with windows.session() as session:
        assert session.run([installers[FIRST], "/S", "/AUTOSTART=0"])[0] == 0
        assert "Archisync" not in registry(session, "Run")
        assert session.run([installers[SECOND], "/S"])[0] == 0
        assert "Archisync" not in registry(session, "Run")
        assert session.run([installers[SECOND], "/S", "/AUTOSTART=1"])[0] == 0
        assert f"{PANEL} --hidden --profile default" in registry(session, "Run")
        session.run([CONSOLE, "doctor", "--demo"])
        assert data.exists()
        assert session.run([*UNINSTALL, "/DATA=remove", f"_?={PROGRAM}"])[0] == 0
        assert not data.exists()


def test_icon_and_version_are_those_of_the_program(tmp_path: Path) -> None:
    """What Windows' Explorer shows of a launcher, read by another program."""
    build_windows.launchers(tmp_path, "3.2.1")
    for name in build_windows.LAUNCHERS:
        said = subprocess.run(
            ["x86_64-w64-mingw32-objdump", "-p", str(tmp_path / f"{name}.exe")], capture_output=True, text=True
        ).stdout
        subsystem = "Windows GUI" if name.endswith("panel") else "Windows CUI"
        assert subsystem in said
        content = (tmp_path / f"{name}.exe").read_bytes()
        assert "3.2.1".encode("utf-16-le") in content
        assert b"\x89PNG" in content
