"""The ``demo-erp`` subcommand: its options, its refusals, and that the package is cheap to import."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from archisync_gui.demo_erp import FAULTS, VARIATIONS
from archisync_gui.demo_erp.cli import add_arguments, run
from archisync_gui.demo_erp.columns import LISTS


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_defaults() -> None:
    args = parse()
    assert (args.port, args.seed, args.scale, args.demo_clock, args.latency) == (0, 1, 1.0, "live", "none")
    assert (args.fault, args.variation, args.like, args.https) == ([], [], None, False)


@pytest.mark.parametrize(
    "words",
    [
        ("--latency", "quick"),
        ("--latency", "-1"),
        ("--demo-clock", "yesterday"),
        ("--fault", "no-such"),
        ("--fault", "toolbar-folded=1"),
        ("--variation", "no-such"),
        ("--scale", "0"),
        ("--port", "70000"),
        ("--like", "/no/such/report.json"),
    ],
)
def test_invalid_options_are_refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        parse(*words)
    assert refused.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_it_behaves_as_a_structure_report_says(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    entry = {"columns": [{"field": "ID", "visible": True, "type": "number"}]}
    content = {
        "faults": ["value-prefix=a2"],
        "variations": ["sizes=10,20"],
        "version": "2.0.60",
        "lists": {"ddt": entry},
    }
    report.write_text(json.dumps(content))
    like = parse("--like", str(report)).like
    assert (like.faults, like.variations, like.version) == (("value-prefix=a2",), ("sizes=10,20",), "2.0.60")
    assert [column.field for column in like.shape(LISTS)["ddt"].columns] == ["ID"]
    for wrong in (
        {"faults": ["no-such-fault"]},
        {"variations": ["no-such"]},
        {"lists": {"ddt": {"columns": [{}]}}},
        [],
    ):
        report.write_text(json.dumps(wrong))
        with pytest.raises(SystemExit):
            parse("--like", str(report))


def test_list_of_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse("--list-faults")) == 0
    shown = capsys.readouterr().out
    assert all(fault.name in shown and fault.en in shown for fault in FAULTS.values())
    assert run(parse("--list-variations")) == 0
    shown = capsys.readouterr().out
    assert all(switch.name in shown and switch.it in shown for switch in VARIATIONS.values())


def test_a_port_in_use_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(parse("--port", str(taken.getsockname()[1]), "--scale", "0.02")) == 1
    assert "--port" in capsys.readouterr().err
    assert not [thread for thread in threading.enumerate() if thread.name == "demo-erp"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows: a process cannot be sent SIGTERM to end it gently")
def test_it_runs_until_it_is_interrupted() -> None:
    code = "import argparse; from archisync_gui.demo_erp.cli import *; p = argparse.ArgumentParser(); add_arguments(p)"
    command = [sys.executable, "-c", f"{code}; raise SystemExit(run(p.parse_args()))", "--scale", "0.02"]
    with subprocess.Popen(
        [*command, "--fault", "slow=2"], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as child:
        try:
            assert child.stdout is not None
            lines = [child.stdout.readline() for _ in range(5)]
            assert lines[0].startswith("Demo ERP: http://127.0.0.1:")
            assert "agente01" in lines[1]
            child.send_signal(signal.SIGTERM)
            assert child.wait(timeout=20) == 0
        finally:
            child.kill()


def test_importing_the_package_imports_no_web_framework() -> None:
    code = "import sys, archisync_gui.demo_erp; sys.exit('aiohttp' in sys.modules or 'cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
