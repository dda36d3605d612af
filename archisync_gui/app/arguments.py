"""The arguments of the command line and their help."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archisync_gui import __version__
from archisync_gui.app import exit_codes

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
"""The values of ``--open``."""


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
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
    hold = commands.add_parser(
        "hold", parents=[common, own], help="pause: the active run is broken off, nothing new starts"
    )
    hold.add_argument("--for", dest="seconds", metavar="TIME", type=_span, help="end it by itself: 15m, 1h, 1h30m")
    commands.add_parser("release", parents=[common, own], help="end the pause")
    retry = commands.add_parser("retry", parents=[common, own], help="let a stopped account log in again")
    retry.add_argument("account", nargs="?", metavar="ACCOUNT", help="only this one; default: all that are stopped")
    ending = commands.add_parser("quit", parents=[common], help="ask the running panel to break off its read and quit")
    ending.add_argument(
        "--all",
        action="store_true",
        help="for installers: the panels of all profiles of this user; a read may end first, for at most 3 minutes",
    )
    ending.add_argument(
        "--restart-list",
        metavar="FILE",
        type=Path,
        help="write the command line that starts each ended panel again into FILE, too (UTF-16, for installers)",
    )
    doctor = commands.add_parser(
        "doctor", parents=[common], help="what is missing on this computer, and how to mend it"
    )
    doctor.add_argument("--json", action="store_true", help="print JSON for programs")
    doctor.add_argument("--erp", action="store_true", help="also look at the ERP itself (reads only)")
    doctor.add_argument(
        "--conformance", metavar="FILE", nargs="?", const="-", help="with --erp: compare each uncertain fact"
    )
    data = commands.add_parser(
        "data", help="export or erase one customer's data (the panel must be closed; in an office only to erase)"
    )
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
    """A command's parser, which may get its arguments when it is used: their imports would slow down the panel's
    start."""

    later: Callable[[argparse.ArgumentParser], None] | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.later is not None:
            self.later(self)
            self.later = None
        return super().parse_known_args(args, namespace)


def _demo_erp_arguments(parser: argparse.ArgumentParser) -> None:
    from archisync_gui.demo_erp.cli import add_arguments

    add_arguments(parser)


def _span(text: str) -> float:
    """The seconds of ``15m``, ``1h``, ``1h30m``; a number without unit is in minutes."""
    found = re.fullmatch(r"(?:(\d{1,3})h)?(?:(\d{1,4})m?)?", text.strip().lower())
    seconds = 3600 * int(found[1] or 0) + 60 * int(found[2] or 0) if found else 0
    if not seconds:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time: 15m, 1h, 1h30m")
    return float(seconds)
