"""The command line: reads the arguments, hands over to a running panel or runs the core itself, prints for people.

No command's work is done here: that is in ``app.commands`` (the same code serves other processes).
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archisync_gui import __version__, zone
from archisync_gui.app import exit_codes
from archisync_gui.app.demo import DemoOptions
from archisync_gui.messages import system_language, text

if TYPE_CHECKING:
    from archisync_gui.app.core import Core
    from archisync_gui.app.profile import Profile, ProfileLock
    from archisync_gui.ui.shell.window import MainWindow

DESCRIPTION = """\
Archisync keeps a local, honest copy of the office's ERP data and shows an operator what is happening.
It reads with a real browser and never writes to the ERP.

Without a command it opens the panel."""

EXAMPLES = """\
examples:
  archisync-gui --demo                    the panel on the embedded demo ERP: nothing to set up
  archisync-gui sync all                  read all six lists now (a running panel does it, if there is one)
  archisync-gui sync customers orders --json
  archisync-gui status                    what is fresh, what runs, what waits and why
  archisync-gui explain --at 14:30        why something ran, or did not, at half past two
  archisync-gui retry                     let a stopped account try its password again
  archisync-gui data export 50120 --to c.zip    everything that is kept about one customer
  archisync-gui doctor                    what is missing on this computer, and how to mend it

exit codes:
"""


PLACES = (
    "overview", "history", "timeline", "data", "summary", "log", "settings", "sessions", "why", "pairing", "order-form",
)  # fmt: skip
"""What ``--open`` can open."""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    common = _Parser(add_help=False)
    group = common.add_argument_group("where")
    group.add_argument(
        "--profile", metavar="NAME|DIR", default=argparse.SUPPRESS, help="which data folder (name or folder)"
    )
    demo = common.add_argument_group("demo")
    demo.add_argument("--demo", action="store_true", default=argparse.SUPPRESS, help="use the embedded demo ERP")
    demo.add_argument(
        "--latency",
        metavar="none|real|FACTOR",
        default=argparse.SUPPRESS,
        help="how slow the demo ERP is (panel: real, commands: none)",
    )
    demo.add_argument(
        "--demo-clock",
        metavar="live|stopped|ISO",
        default=argparse.SUPPRESS,
        help="whether the demo's world goes on (live), stands still, or stands at a moment",
    )
    own = _Parser(add_help=False)
    own.add_argument(
        "--standalone", action="store_true", help="never hand over to a running panel (exit 75 beside one)"
    )
    own.add_argument("--json", action="store_true", help="print JSON for programs")

    codes = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in exit_codes.MEANINGS)
    parser = argparse.ArgumentParser(
        prog="archisync-gui",
        description=DESCRIPTION,
        epilog=EXAMPLES + codes,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    parser.add_argument("--version", action="version", version=f"Archisync {__version__}")
    parser.add_argument("--hidden", action="store_true", help="start in the tray, without a window")
    parser.add_argument(
        "--open", metavar="PLACE", choices=PLACES, help=f"what the panel opens, also a running one: {', '.join(PLACES)}"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=_Parser)

    sync = commands.add_parser("sync", parents=[common, own], help="read lists from the ERP now")
    sync.add_argument("types", nargs="+", metavar="all|TYPE", help="customers, orders, ddt, invoices, prices, products")
    sync.add_argument("--password-stdin", action="store_true", help="read the ERP password from standard input")
    commands.add_parser("status", parents=[common, own], help="what is fresh, what runs, what waits")
    explain = commands.add_parser("explain", parents=[common, own], help="why something runs, or nothing does")
    explain.add_argument("--at", metavar="TIME", help="HH:MM today, or an ISO moment; default now")
    hold = commands.add_parser("hold", parents=[common, own], help="pause: the active run ends, nothing new starts")
    hold.add_argument("--for", dest="seconds", metavar="TIME", type=_span, help="end it by itself: 15m, 1h, 1h30m")
    commands.add_parser("release", parents=[common, own], help="end the pause")
    retry = commands.add_parser("retry", parents=[common, own], help="let a stopped account log in again")
    retry.add_argument("account", nargs="?", metavar="ACCOUNT", help="only this one; default: all that are stopped")
    ending = commands.add_parser("quit", parents=[common], help="ask the running panel to end its read and quit")
    ending.add_argument("--all", action="store_true", help="the panels of all profiles of this user")
    doctor = commands.add_parser(
        "doctor", parents=[common], help="what is missing on this computer, and how to mend it"
    )
    doctor.add_argument("--json", action="store_true", help="print JSON for programs")
    doctor.add_argument("--erp", action="store_true", help="also look at the ERP itself (reads only)")
    doctor.add_argument(
        "--conformance", metavar="FILE", nargs="?", const="-", help="with --erp: compare each uncertain fact"
    )
    data = commands.add_parser("data", help="export or erase one customer's data (the panel must be closed)")
    actions = data.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=_Parser)
    exporting = actions.add_parser("export", parents=[common], help="write everything about a customer into a zip file")
    erasing = actions.add_parser("erase", parents=[common], help="erase a customer everywhere in the profile")
    for action in (exporting, erasing):
        action.add_argument(
            "customer", metavar="CUSTOMER", help="ID, customer account, VAT number, fiscal code or name"
        )
        action.add_argument("--json", action="store_true", help="print JSON for programs")
    exporting.add_argument("--to", metavar="FILE", required=True, help="the zip file to write")
    erasing.add_argument("--yes", action="store_true", help="really erase; without it the command only asks")
    erasing.add_argument("--backups", action="store_true", help="also delete the backups that hold the customer")
    _add_office(commands, common)
    commands.add_parser("demo-erp", help="run the demo ERP alone").later = _demo_erp_arguments
    return parser


def _add_office(commands: Any, common: argparse.ArgumentParser) -> None:
    office = commands.add_parser("office", help="share one archive with other computers, on a PostgreSQL server")
    actions = office.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=_Parser)
    creating = actions.add_parser("create", parents=[common], help="make the office's tables on the server")
    joining = actions.add_parser("join", parents=[common], help="make this profile a member of the office")
    for action in (creating, joining):
        action.add_argument("address", metavar="ADDRESS", help="postgresql://ROLE@SERVER:5432/DATABASE?schema=NAME")
    joining.add_argument("--never-leads", action="store_true", help="this computer never reads the ERP for the others")
    joining.add_argument("--upgrade", action="store_true", help="bring the office's tables to this version first")
    leaving = actions.add_parser(
        "leave", parents=[common], help="copy the office's data into this profile and leave the office"
    )
    leaving.add_argument(
        "--without-copy", action="store_true", help="take the archive from before joining instead (the server is gone)"
    )
    actions.add_parser("run", parents=[common], help="take part: read for all when it is this computer's turn")
    for name, what in (("status", "who leads and who takes part"), ("doctor", "look at the server and the connection")):
        actions.add_parser(name, parents=[common], help=what).add_argument(
            "--json", action="store_true", help="print JSON for programs"
        )


class _Parser(argparse.ArgumentParser):
    """A command's parser, which may get its arguments when it is used: the panel starts without what they need."""

    later: Callable[[argparse.ArgumentParser], None] | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.later is not None:
            self.later(self)
            self.later = None
        return super().parse_known_args(args, namespace)


def _demo_erp_arguments(parser: argparse.ArgumentParser) -> None:
    from archisync_gui.demo_erp.cli import add_arguments

    add_arguments(parser)


def main(arguments: Sequence[str] | None = None, window: MainWindow | None = None) -> int:
    """Do what the arguments say; ``window``: the panel's, which shows its first picture. Returns the exit code."""
    options = build_parser().parse_args(arguments, argparse.Namespace(window=window))
    language = system_language()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a code page without a letter must not end a command
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
    if options.command == "quit" and options.all:
        from archisync_gui.app.quitting import every_profile, quit_all

        return quit_all(every_profile(), language)
    try:
        may_make = options.command in (None, "sync") or getattr(options, "action", None) in ("create", "join")
        profile = open_profile(getattr(options, "profile", None), demo=demo is not None, make=may_make)
        return _run_on(profile, demo, options, language)
    except SettingsError as error:
        return _refused(options, language, error.code, {"key": error.key, **error.params})
    except SyncFailure as error:
        return _refused(options, language, error.code, error.params)
    except BrokenPipeError:
        raise
    except OSError as error:
        logging.getLogger(__name__).warning("refused by the system", exc_info=True)
        params = {"path": str(error.filename or "–"), "reason": error.strerror or str(error)}
        return _refused(options, language, "system-refused", params)


def _run_on(profile: Profile, demo: DemoOptions | None, options: argparse.Namespace, language: str) -> int:
    """Run the panel or the command on a profile; returns the exit code."""
    match options.command:
        case None:
            from archisync_gui.app.desktop import run_panel

            return run_panel(profile, demo, hidden=options.hidden, place=options.open or "", window=options.window)
        case "quit":
            from archisync_gui.app.quitting import quit_all

            return quit_all([profile], language)
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


def _refused(options: argparse.Namespace, language: str, code: str, params: Mapping[str, object]) -> int:
    """Say why nothing was done: the panel in a window, a command on standard error. Returns the exit code."""
    sentences = str(text(code, language, params))
    if options.command is None:
        from archisync_gui.app.desktop import show_problem

        if options.window is not None:
            options.window.hide()
        show_problem(sentences)
    else:
        _say(sentences)
    return exit_codes.CONFIG


def _data(options: argparse.Namespace, profile: Profile, language: str) -> int:
    """``data export`` and ``data erase``: in this process and with the profile's lock, so that nothing is read."""
    from archisync_gui.app import data_care
    from archisync_gui.app.profile import ProfileLock
    from archisync_gui.office.membership import refuse_member

    refuse_member(profile.folder)  # the customer's data are on the office's server
    names = {"customer": options.customer, "name": profile.name}
    if options.action == "erase" and not options.yes:
        _say(text("data-confirm", language, names))
        return exit_codes.USAGE
    lock = ProfileLock(profile)
    if not lock.acquire():
        _say(text("data-panel-open", language, {**names, "pid": lock.holder() or "?"}))
        return exit_codes.BUSY
    try:
        asyncio.run(data_care.prepare(profile))
        if options.action == "export":
            target = Path(options.to).absolute()
            counts = data_care.export_customer(profile, options.customer, target, language)
            print(
                json.dumps({"file": str(target), "records": counts}, ensure_ascii=False)
                if options.json
                else text("data-exported", language, {"path": target, "counts": data_care.counted(counts)})
            )
            return exit_codes.OK
        erased = data_care.erase_customer(profile, options.customer, from_backups=options.backups)
    finally:
        lock.release()
    shown = (
        json.dumps(erased.as_json(), ensure_ascii=False) if options.json else data_care.erased_text(erased, language)
    )
    print(shown)
    return exit_codes.OK


def _demo(options: argparse.Namespace) -> DemoOptions | None:
    given = [name for name in ("latency", "demo_clock") if hasattr(options, name)]
    if not getattr(options, "demo", False):
        if given:
            build_parser().error(f"--{given[0].replace('_', '-')} goes with --demo")
        return None
    usual = "real" if options.command is None else "none"
    return DemoOptions(getattr(options, "latency", usual), getattr(options, "demo_clock", "live"))


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

        return _done(*ask(profile, options.command, args, printer.event), printer)
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
    return _done(code, result, printer)


def _hand_over(
    options: argparse.Namespace,
    profile: Profile,
    args: dict[str, Any],
    printer: Printer,
    language: str,
    lock: ProfileLock,
) -> int | None:
    """Have the holder do it. ``None``: the holder has ended meanwhile, and this process holds the profile now."""
    from archisync_gui.app.channel import PATIENCE, NoAnswer, call

    try:
        code, result = asyncio.run(call(profile, options.command, args, printer.event, patience=PATIENCE))
    except NoAnswer:
        if not printer.began and lock.acquire():
            return None
        _say(text("holder-silent", language, {"name": profile.name, "pid": lock.holder() or "?"}))
        return exit_codes.BUSY
    return _done(code, result, printer)


async def _standalone(
    options: argparse.Namespace, profile: Profile, demo: DemoOptions | None, args: dict[str, Any], printer: Printer
) -> tuple[int, Any]:
    from archisync_gui.app.commands import serve
    from archisync_gui.app.core import Core

    password = os.environ.get("ARCHISYNC_PASSWORD")
    if getattr(options, "password_stdin", False):
        password = sys.stdin.readline().rstrip("\n")
    core = await Core.open(profile, demo=demo, password=password, attended=False, reads=options.command == "sync")
    try:
        for trouble in core.troubles:
            _say(text(trouble.code, printer.language, trouble.params))
        return await _until_signal(_unless_broken(core, serve(core, options.command, args, printer.event)))
    finally:
        await core.close()


async def _unless_broken(core: Core, work: Coroutine[Any, Any, tuple[int, Any]]) -> tuple[int, Any]:
    """``work``, ended with ``SyncFailure`` when the profile cannot be used any more."""
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


async def _until_signal(work: Coroutine[Any, Any, tuple[int, Any]]) -> tuple[int, Any]:
    """``work``, cancelled cleanly by SIGINT or SIGTERM, or by the end of Windows' console."""
    import signal

    from archisync_gui.app.console import console_end

    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    handled = [s for s in (signal.SIGINT, signal.SIGTERM) if _add_handler(loop, s, task.cancel)]
    try:
        with console_end(task.cancel):
            return await task
    except asyncio.CancelledError:
        return exit_codes.INTERRUPTED, None
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


def _add_handler(loop: asyncio.AbstractEventLoop, number: int, handler: Callable[[], object]) -> bool:
    try:
        loop.add_signal_handler(number, handler)
    except NotImplementedError:  # Windows: Ctrl-C arrives as KeyboardInterrupt
        return False
    return True


def _span(text: str) -> float:
    """``15m``, ``1h``, ``1h30m`` in seconds; a number alone is minutes."""
    found = re.fullmatch(r"(?:(\d{1,3})h)?(?:(\d{1,4})m?)?", text.strip().lower())
    seconds = 3600 * int(found[1] or 0) + 60 * int(found[2] or 0) if found else 0
    if not seconds:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time: 15m, 1h, 1h30m")
    return float(seconds)


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
            at = _moment(options.at)
            if at is None:
                _say(text("bad-time", language, {"time": options.at}))
                return None
            return {"at": at}
    return {}


def _moment(given: str) -> str | None:
    """``14:30`` (today) or an ISO moment as ISO with offset; ``None`` if it is neither."""
    from datetime import datetime, time

    try:
        if len(given) <= 5:
            today = zone.now()
            return zone.local(datetime.combine(today.date(), time.fromisoformat(given.zfill(5)))).isoformat()
        return zone.local(datetime.fromisoformat(given)).isoformat()
    except (ValueError, OverflowError, OSError):  # the ends of the calendar and of the system's clock
        return None


def _done(code: int, result: Any, printer: Printer) -> int:
    if result is not None:
        printer.result(result)
    printer.close()
    return code


def _say(what: object) -> None:
    print(what, file=sys.stderr)


def _log_to_file(profile: Profile) -> None:
    from archisync_gui.app.logs import to_file

    to_file(profile, logging.INFO)


class Printer:
    """Prints a command's progress and result: JSON lines for programs, plain lines for people."""

    def __init__(self, command: str, *, as_json: bool, language: str) -> None:
        self.language = language
        self._command = command
        self._json = as_json
        self._live = sys.stderr.isatty()
        self._steps: dict[str, int] = {}
        self.began = False
        """True once the command has said something."""

    def event(self, event: dict[str, Any]) -> None:
        """Something came from the command while it runs."""
        self.began = True
        if event["kind"] == "result":
            self._result_line(event)
        elif not self._json:
            self._progress(event)

    def result(self, result: Any) -> None:
        """The command's final answer."""
        if self._command == "sync":
            return  # each type's line was printed when it came
        if self._json:
            print(json.dumps(result, ensure_ascii=False))
            return
        from archisync_gui.app import words

        if self._command == "explain":
            print(words.explanation(result, self.language))
        elif self._command == "retry":
            print(words.retried(result, self.language))
        else:
            print(words.status(result, self.language))

    def close(self) -> None:
        """End the live line."""
        if self._live and self._steps:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _result_line(self, event: dict[str, Any]) -> None:
        line = {k: v for k, v in event.items() if k != "kind"}
        if self._json:
            print(json.dumps(line, ensure_ascii=False), flush=True)
            return
        self.close()
        from archisync_gui.app import words

        print(words.result(line, self.language), flush=True)

    def _progress(self, event: dict[str, Any]) -> None:
        from archisync_gui.app import words

        said = words.progress(event, self.language)
        if said is None:
            return
        if self._live:
            self._steps[str(event.get("type"))] = 1
            print(f"\r\x1b[K{said}", end="", file=sys.stderr, flush=True)
            return
        # Not a terminal: one line for each tenth of a list, so that a log stays readable.
        kind, name = event["kind"], str(event.get("type"))
        page, pages = event.get("page"), event.get("pages")
        tenth = int(10 * page / pages) if kind == "sync-progress" and page and pages else -1
        if kind == "sync-progress" and self._steps.get(name, -1) >= tenth:
            return
        self._steps[name] = tenth
        print(said, file=sys.stderr, flush=True)


__all__ = ["Printer", "build_parser", "main"]
