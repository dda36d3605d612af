"""``archisync-gui doctor``: checks what Archisync needs on this computer and says how to repair what is missing.

Each check uses the real thing (starts the browser, opens the database, binds the port) and changes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from archisync_gui.app import exit_codes
from archisync_gui.app.display import display_available
from archisync_gui.app.profile import Profile, ProfileLock
from archisync_gui.messages import text
from archisync_gui.settings import SettingsError, load_settings

if TYPE_CHECKING:
    from archisync_gui.app.demo import DemoOptions

Verdict = Literal["ok", "warning", "broken"]

MARKS: dict[Verdict, str] = {"ok": "✓", "warning": "!", "broken": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check."""

    check: str
    verdict: Verdict
    found: str
    todo: str = ""


def run_doctor(profile: Profile, demo: DemoOptions | None, options: argparse.Namespace, language: str) -> int:
    """Run all checks and print their results. Exit code 0: nothing is broken; 69: something is; with ``--erp`` also
    those of :func:`look_at_erp`."""
    findings: list[Finding] = []

    def tell(finding: Finding) -> None:
        findings.append(finding)
        if options.json:
            return
        title = text(f"doctor.{finding.check}", language).what
        print(f" {MARKS[finding.verdict]} {title:<12} {finding.found}")
        if finding.todo:
            print(f"   {'':<12} → {finding.todo}")

    for check in (_python, _display, _tray, _disk):
        tell(check(profile, language))
    tell(asyncio.run(_keyring(profile, language)))
    tell(_port(profile, language))
    tell(_database(profile, language))
    browser = asyncio.run(_browser(profile, language))
    tell(browser)
    if browser.verdict != "broken":
        tell(asyncio.run(_erp(profile, demo, language)))
    if options.json:
        print(json.dumps([asdict(f) for f in findings]))
    broken = any(f.verdict == "broken" for f in findings)
    if options.erp and not broken:
        from archisync_gui.app.erp_look import look_at_erp

        return asyncio.run(look_at_erp(profile, demo, conformance=options.conformance, language=language))
    return exit_codes.UNAVAILABLE if broken else exit_codes.OK


def _finding(check: str, verdict: Verdict, language: str, case: str, **params: object) -> Finding:
    said = text(f"doctor.{check}.{case}", language, params)
    return Finding(check, verdict, said.what, said.todo)


def _python(_profile: Profile, language: str) -> Finding:
    import PySide6

    versions = {"python": sys.version.split()[0], "qt": PySide6.__version__}
    # PySide6 6.12 has a reference counting error with None before Python 3.12: it aborts after some thousand calls.
    if sys.version_info < (3, 12) and tuple(map(int, PySide6.__version__.split(".")[:2])) >= (6, 12):
        return _finding("python", "broken", language, "qt-broken", **versions)
    return _finding("python", "ok", language, "ok", **versions)


def _display(_profile: Profile, language: str) -> Finding:
    if display_available():
        return _finding("display", "ok", language, "ok")
    return _finding("display", "warning", language, "none")


def _tray(_profile: Profile, language: str) -> Finding:
    if not display_available():
        return _finding("tray", "warning", language, "no-display")
    # In another process, since Qt aborts the process when its platform plugin cannot start.
    import subprocess

    ask = (
        "from PySide6.QtWidgets import QApplication, QSystemTrayIcon as T; a = QApplication([]);"
        "raise SystemExit(0 if T.isSystemTrayAvailable() else 3)"
    )
    try:
        answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, timeout=20, text=True)
    except subprocess.TimeoutExpired:
        return _finding("tray", "warning", language, "none")
    match answer.returncode:
        case 0:
            return _finding("tray", "ok", language, "ok")
        case 3:
            return _finding("tray", "warning", language, "none")
    reason = (answer.stderr.strip().splitlines() or ["?"])[0]
    return _finding("tray", "broken", language, "qt-fails", reason=reason)


def _disk(profile: Profile, language: str) -> Finding:
    free = shutil.disk_usage(profile.folder).free // 1_000_000
    verdict: Verdict = "ok" if free > 1000 else "warning" if free > 200 else "broken"
    return _finding("disk", verdict, language, "ok" if verdict == "ok" else "low", free=free, folder=profile.folder)


async def _keyring(_profile: Profile, language: str) -> Finding:
    from archisync_gui.app.credentials import NoPassword, in_thread, keyring_name

    try:
        name = await in_thread(keyring_name, "")
    except NoPassword:
        return _finding("keyring", "warning", language, "silent")
    if name is None:
        return _finding("keyring", "warning", language, "none")
    return _finding("keyring", "ok", language, "ok", name=name)


def _port(profile: Profile, language: str) -> Finding:
    try:
        chosen = load_settings(profile.settings_file).settings.number("endpoint.port")
    except SettingsError:
        return _finding("port", "broken", language, "settings")
    port = chosen or (47801 if profile.demo else 47800)
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return _finding("port", "warning", language, "taken", port=port)
    return _finding("port", "ok", language, "ok", port=port)


def _database(profile: Profile, language: str) -> Finding:
    from archisync_gui.entities import ENTITIES
    from archisync_gui.model import SyncFailure
    from archisync_gui.store.file_checks import look
    from archisync_gui.store.store import FILE

    lock = ProfileLock(profile)
    if not lock.acquire():
        return _finding("database", "ok", language, "in-use", pid=lock.holder() or "?")
    try:
        seen = look(profile.folder / FILE, ENTITIES)
    except SyncFailure as error:
        said = text(error.code, language, error.params)
        return Finding("database", "broken", f"{said.what} {said.means}", said.todo)
    finally:
        lock.release()
    if seen is None:
        return _finding("database", "warning", language, "none", folder=profile.folder)
    case = "ok" if seen.current else "older"
    return _finding("database", "ok", language, case, rows=seen.rows, folder=profile.folder)


async def _browser(profile: Profile, language: str) -> Finding:
    from archisync_gui.erp.browser import try_browser
    from archisync_gui.model import SyncFailure

    try:
        chosen = load_settings(profile.settings_file).settings.text("erp.browser")
        version = await try_browser(chosen or None)
    except SettingsError:
        return _finding("browser", "broken", language, "settings")
    except SyncFailure as error:
        said = text(error.code, language, error.params)
        return Finding("browser", "broken", f"{said.what} {said.means}", said.todo)
    return _finding("browser", "ok", language, "ok", version=version)


async def _erp(profile: Profile, demo: DemoOptions | None, language: str) -> Finding:
    """Whether the ERP's login page can be loaded. Without a login, which would count in the day's budget."""
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    if demo is not None:
        return _finding("erp", "ok", language, "demo")
    address = load_settings(profile.settings_file).settings.text("erp.url")
    if not address:
        return _finding("erp", "warning", language, "unset")

    def ask() -> Finding:
        import ssl

        # This only checks whether a server answers; the driver checks its certificate before a login.
        unchecked = ssl.create_default_context()
        unchecked.check_hostname = False
        unchecked.verify_mode = ssl.CERT_NONE
        try:
            with urllib.request.urlopen(f"{address}/Login.aspx", timeout=15, context=unchecked) as answer:
                return _finding("erp", "ok", language, "ok", address=address, status=answer.status)
        except urllib.error.HTTPError as error:
            return _finding("erp", "broken", language, "error", status=error.code)
        except (OSError, HTTPException, ValueError) as error:  # no HTTP answers there; no address for HTTP
            reason = str(getattr(error, "reason", error)) or type(error).__name__
            return _finding("erp", "broken", language, "silent", address=address, reason=reason)

    return await asyncio.to_thread(ask)
