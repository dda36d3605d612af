"""The command line: parses the arguments, runs the panel or a command, and prints results.

A command is executed by ``app.commands``, in the process that holds the profile or on a core in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archisync_gui import zone
from archisync_gui.app import exit_codes
from archisync_gui.app.arguments import build_parser
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.printer import Printer, finish, moment
from archisync_gui.disk import file_of
from archisync_gui.messages import system_language, text
from archisync_gui.plaintext import SIMILAR

if TYPE_CHECKING:
    from archisync_gui.app.core import Core
    from archisync_gui.app.profile import Profile, ProfileLock
    from archisync_gui.ui.shell.window import MainWindow


def main(arguments: Sequence[str] | None = None, window: MainWindow | None = None) -> int:
    """Run the panel or a command; returns the exit code. ``window``: the panel's window, if it is shown already."""
    options = build_parser().parse_args(arguments, argparse.Namespace(window=window))
    language = system_language()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SIMILAR)  # no error for characters that the code page lacks
    try:
        return _run(options, language)
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.OK


def _run(options: argparse.Namespace, language: str) -> int:
    if options.command == "demo-erp":
        from archisync_gui.demo_erp.cli import run

        return run(options)
    from archisync_gui.app.profile import open_profile
    from archisync_gui.model import SyncFailure
    from archisync_gui.settings import SettingsError

    demo = _demo(options)
    try:
        if options.command == "quit" and options.all:
            from archisync_gui.app.quitting import FINISH, every_profile, quit_all

            return quit_all(every_profile(), language, options.restart_list, finish=FINISH)
        may_make = options.command in (None, "sync") or getattr(options, "action", None) in ("create", "join")
        profile = open_profile(getattr(options, "profile", None), demo=demo is not None, make=may_make)
        return _run_on(profile, demo, options, language)
    except SettingsError as error:
        return _refused(options, language, error.code, {"key": error.key, **error.params})
    except SyncFailure as error:
        return _refused(options, language, error.code, error.params, exit_codes.OF_FAILURES.get(error.code))
    except BrokenPipeError:
        raise
    except OSError as error:
        _log_failure("refused by the system")
        params = {"path": file_of(error), "reason": error.strerror or str(error)}
        return _refused(options, language, "system-refused", params)


def _run_on(profile: Profile, demo: DemoOptions | None, options: argparse.Namespace, language: str) -> int:
    """Run the panel or the command on a profile; returns the exit code."""
    match options.command:
        case None:
            from archisync_gui.app.desktop import run_panel

            return run_panel(profile, demo, hidden=options.hidden, place=options.open or "", window=options.window)
        case "quit":
            from archisync_gui.app.quitting import quit_all

            return quit_all([profile], language, options.restart_list)
        case "doctor":
            from archisync_gui.app.doctor import run_doctor

            return run_doctor(profile, demo, options, language)
        case "data":
            return _data(options, profile, language)
        case "office":
            from archisync_gui.app.office import run_office

            _log_to_file(profile)
            return run_office(profile, demo, options, language)
        case _:
            return _command(options, profile, demo, language)


def _refused(
    options: argparse.Namespace, language: str, code: str, params: Mapping[str, object], exit_code: int | None = None
) -> int:
    """Show an error: for the panel in a window, for a command on standard error. Returns the exit code, by default
    ``CONFIG``."""
    sentences = str(text(code, language, params))
    if options.command is None:
        from archisync_gui.app.desktop import show_problem

        if options.window is not None:
            options.window.hide()
        show_problem(sentences)
    else:
        _say(sentences)
    return exit_codes.CONFIG if exit_code is None else exit_code


def _data(options: argparse.Namespace, profile: Profile, language: str) -> int:
    """``data export`` and ``data erase``: in this process, with the profile's lock, so that no read runs meanwhile. In
    an office, whose server shows one state to each reader, the export needs no lock."""
    from archisync_gui.app import data_care
    from archisync_gui.app.answering import done_while_answering
    from archisync_gui.app.profile import ProfileLock
    from archisync_gui.office.membership import membership

    names = {"customer": options.customer, "name": profile.name}
    if options.action == "erase" and not options.yes:
        _say(text("data-confirm", language, names))
        return exit_codes.USAGE
    if options.action == "export" and membership(profile.folder) is not None:
        return _export(options, profile, language, lambda work: work())
    lock = ProfileLock(profile)
    if not lock.acquire():
        _say(text("data-panel-open", language, {**names, "pid": lock.holder() or "?"}))
        return exit_codes.BUSY
    try:
        data_care.prepare(profile)
        if options.action == "export":
            return _export(options, profile, language, partial(done_while_answering, profile))
        erase = partial(data_care.erase_customer, profile, options.customer, from_backups=options.backups)
        erased = done_while_answering(profile, erase)
    except OSError as error:
        if options.action == "export":
            raise
        _log_failure("a customer's data could not be erased")
        reason = f"{file_of(error)}: {error.strerror or error}"
        _say(text("data-erase-failed", language, {"reason": reason}))
        return exit_codes.CONFIG
    finally:
        lock.release()
    print(json.dumps(erased.as_json()) if options.json else data_care.erased_text(erased, language))
    return exit_codes.OK


def _export(
    options: argparse.Namespace,
    profile: Profile,
    language: str,
    done: Callable[[Callable[[], dict[str, int]]], dict[str, int]],
) -> int:
    from archisync_gui.app import data_care

    target = Path(options.to).absolute()
    counts = done(partial(data_care.export_customer, profile, options.customer, target, language))
    print(
        json.dumps({"file": str(target), "records": counts})
        if options.json
        else text("data-exported", language, {"path": target, "counts": data_care.counted(counts)})
    )
    return exit_codes.OK


def _demo(options: argparse.Namespace) -> DemoOptions | None:
    used = [name for name in ("latency", "demo_clock") if hasattr(options, name)]
    if not getattr(options, "demo", False):
        if used:
            build_parser().error(f"--{used[0].replace('_', '-')} goes with --demo")
        return None
    latency = "real" if options.command is None else "none"
    return DemoOptions(getattr(options, "latency", latency), getattr(options, "demo_clock", "live"))


# --------------------------------------------------------------------------------------------------- commands


def _command(options: argparse.Namespace, profile: Profile, demo: DemoOptions | None, language: str) -> int:
    """Run the command in the process that holds the profile: another one if there is one, else this one."""
    from archisync_gui.app.profile import ProfileLock
    from archisync_gui.settings import load_settings

    zone.use(load_settings(profile.settings_file).settings.text("sync.timezone"))
    args = _arguments(options, language)
    if args is None:
        return exit_codes.USAGE
    printer = Printer(options.command, as_json=options.json, language=language)
    from archisync_gui.office.membership import membership

    if membership(profile.folder) is not None:
        from archisync_gui.app.office import ask

        _password_not_used(options, language)
        return finish(*ask(profile, options.command, args, printer.event), printer)
    lock = ProfileLock(profile)
    if not lock.acquire():
        if options.standalone:
            _say(text("profile-busy", language, {"name": profile.name, "pid": lock.holder() or "?"}))
            return exit_codes.BUSY
        code = _hand_over(options, profile, args, printer, language, lock)
        if code is not None:
            return code
    try:
        _log_to_file(profile)
        code, result = asyncio.run(_standalone(options, profile, demo, args, printer))
    finally:
        lock.release()
    return finish(code, result, printer)


def _hand_over(
    options: argparse.Namespace,
    profile: Profile,
    args: dict[str, Any],
    printer: Printer,
    language: str,
    lock: ProfileLock,
) -> int | None:
    """Send the command to the process that holds the profile; returns the exit code. ``None``: that process has ended
    meanwhile, and this one holds the profile now."""
    from archisync_gui.app.channel import PATIENCE, NoAnswer, call

    _password_not_used(options, language)
    try:
        code, result = asyncio.run(call(profile, options.command, args, printer.event, patience=PATIENCE))
    except NoAnswer:
        if not printer.began and lock.acquire():
            return None
        _say(text("holder-silent", language, {"name": profile.name, "pid": lock.holder() or "?"}))
        return exit_codes.BUSY
    if code == exit_codes.BUSY and result is None:
        _say(text("holder-works", language, {"name": profile.name, "pid": lock.holder() or "?"}))
    return finish(code, result, printer)


def _password_not_used(options: argparse.Namespace, language: str) -> None:
    """Tell that a password on standard input is not used: another process does the work with its own passwords."""
    if getattr(options, "password_stdin", False):
        _say(text("given-password-not-used", language))


async def _standalone(
    options: argparse.Namespace, profile: Profile, demo: DemoOptions | None, args: dict[str, Any], printer: Printer
) -> tuple[int, Any]:
    from archisync_gui.app import given_password
    from archisync_gui.app.commands import serve
    from archisync_gui.app.console import ended_by_signals
    from archisync_gui.app.core import Core

    given = getattr(options, "password_stdin", False)
    password = given_password.on_standard_input() if given else given_password.in_environment()
    opened: list[Core] = []

    async def work() -> tuple[int, Any]:
        core = await Core.open(profile, demo=demo, password=password, attended=False, reads=options.command == "sync")
        opened.append(core)
        for trouble in core.troubles:
            _say(text(trouble.code, printer.language, trouble.params))
        return await _unless_broken(core, serve(core, options.command, args, printer.event))

    task = asyncio.ensure_future(work())
    with ended_by_signals(task.cancel):  # also while the core is opened; the closing below is not cancelled
        try:
            return await task
        except asyncio.CancelledError:
            return exit_codes.INTERRUPTED, None
        finally:
            for core in opened:
                await core.close()


async def _unless_broken(core: Core, work: Coroutine[Any, Any, tuple[int, Any]]) -> tuple[int, Any]:
    """The result of ``work``. Cancels it and raises ``SyncFailure`` when the profile cannot be used any more."""
    task: asyncio.Future[Any] = asyncio.ensure_future(work)
    broken: asyncio.Future[Any] = core.broken
    try:
        await asyncio.wait({task, broken}, return_when=asyncio.FIRST_COMPLETED)
        if core.broken.done():
            raise core.broken.result()
        code, result = task.result()
        return code, result
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _arguments(options: argparse.Namespace, language: str) -> dict[str, Any] | None:
    match options.command:
        case "sync":
            from archisync_gui.entities import ENTITIES

            known = [entity.name for entity in ENTITIES]
            types = list(dict.fromkeys(known if "all" in options.types else options.types))
            unknown = [name for name in types if name not in known]
            if unknown:
                _say(text("unknown-type", language, {"type": unknown[0], "known": ", ".join(known)}))
                return None
            return {"types": types}
        case "hold":
            return {"seconds": options.seconds}
        case "retry":
            return {"account": options.account}
        case "explain":
            if options.at is None:
                return {"at": None}
            at = moment(options.at)
            if at is None:
                _say(text("bad-time", language, {"time": options.at}))
                return None
            return {"at": at}
    return {}


def _say(sentence: object) -> None:
    print(sentence, file=sys.stderr)


def _log_failure(what: str) -> None:
    """Log the exception that is being handled, if there is a log: without a handler Python would print a traceback."""
    log = logging.getLogger(__name__)
    if log.hasHandlers():
        log.warning("%s", what, exc_info=True)


def _log_to_file(profile: Profile) -> None:
    from archisync_gui.app.logs import to_file

    to_file(profile, logging.INFO)


__all__ = ["Printer", "build_parser", "main"]
