"""The ``demo-erp`` subcommand: its options and its run; what it starts lives in ``demo``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from archisync_gui.demo_erp.clock import DemoClock
from archisync_gui.demo_erp.demo import LATEST_VERSION, DemoErp
from archisync_gui.demo_erp.faults import FAULTS, parse_fault
from archisync_gui.demo_erp.latency import Latency
from archisync_gui.demo_erp.structure import Structure
from archisync_gui.demo_erp.variations import VARIATIONS, parse_variation
from archisync_gui.system import on_end_signals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``archisync-gui demo-erp`` to ``parser``."""
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which invented world (default: 1)")
    parser.add_argument(
        "--scale", type=_scale, default=1.0, metavar="FACTOR", help="how many rows: 1 is real size, 0.05 is quick"
    )
    parser.add_argument(
        "--demo-clock",
        type=_clock,
        default="live",
        metavar="live|stopped|ISO",
        help="the world's time: running, standing still, or standing at that moment (default: live)",
    )
    parser.add_argument(
        "--latency",
        type=_latency,
        default="none",
        metavar="none|real|FACTOR",
        help="how slow it is: not at all, as the real one, or that many times (default: none)",
    )
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="NAME[=ARG]",
        help="switch a fault on; ARG is a value or key:value,key:value (may be repeated; see --list-faults)",
    )
    parser.add_argument(
        "--variation",
        type=_variation,
        action="append",
        default=[],
        metavar="NAME[=ARG]",
        help="let a page be as it was at another visit (may be repeated; see --list-variations)",
    )
    parser.add_argument(
        "--like",
        type=_report,
        metavar="FILE",
        help="shape the lists after a structure report that doctor --erp --conformance saved",
    )
    parser.add_argument("--list-faults", action="store_true", help="name every fault and leave")
    parser.add_argument("--list-variations", action="store_true", help="name every variation and leave")
    parser.add_argument("--https", action="store_true", help="serve HTTPS with a self-signed certificate")


def run(args: argparse.Namespace) -> int:
    """Run the demo ERP until interrupted. 0: ended as asked; 1: could not start."""
    if args.list_faults or args.list_variations:
        for switch in (FAULTS if args.list_faults else VARIATIONS).values():
            parameters = ", ".join(f"{key}:{value}" for key, value in switch.parameters.items())
            print(f"{switch.name:26} {switch.en} / {switch.it}{f'  [{parameters}]' if parameters else ''}")
        return 0
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    like: Structure = args.like or Structure({})
    demo = DemoErp(
        seed=args.seed,
        clock=DemoClock.parse(args.demo_clock),
        latency=args.latency,
        scale=args.scale,
        faults=[*like.faults, *args.fault],
        variations=[*like.variations, *args.variation],
        structure=like,
        version=like.version or LATEST_VERSION,
        https=args.https,
        port=args.port,
    )
    stop = asyncio.Event()
    on_end_signals(stop.set)
    try:
        url = await demo.start()
    except OSError as error:
        print(
            f"The demo ERP could not start on port {args.port}: {error.strerror or error}. Use another --port.\n"
            f"L'ERP di prova non è partito sulla porta {args.port}. Sceglierne un'altra con --port.",
            file=sys.stderr,
        )
        return 1
    try:
        print(f"Demo ERP: {url}/")
        for user, password in demo.accounts.items():
            print(f"  account {user}, password {password}")
        print(f"  control: {demo.control_url}")
        if demo.certificate_fingerprint:
            print(f"  certificate (SHA-256): {demo.certificate_fingerprint}")
        print("Ctrl-C ends it.", flush=True)
        await stop.wait()
    finally:
        await demo.stop()
    return 0


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def _scale(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1_000:
        raise argparse.ArgumentTypeError("a scale is a number above 0")
    return number


def _checked(text: str, check: Callable[[str], object]) -> str:
    try:
        check(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _clock(text: str) -> str:
    return _checked(text, DemoClock.parse)


def _latency(text: str) -> str:
    return _checked(text, Latency.parse)


def _report(text: str) -> Structure:
    try:
        structure = Structure.read(Path(text))
        for fault in structure.faults:
            parse_fault(fault)
        for variation in structure.variations:
            parse_variation(variation)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"no structure report: {text} ({error})") from None
    return structure


def _fault(text: str) -> str:
    return _checked(text, parse_fault)


def _variation(text: str) -> str:
    return _checked(text, parse_variation)
