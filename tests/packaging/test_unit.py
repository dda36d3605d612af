"""The systemd unit of the Debian package, as far as it can be said without systemd (``test_deb`` has it verified)."""

from __future__ import annotations

import configparser
from pathlib import Path

from archisync_gui.app import exit_codes

UNIT = Path(__file__).parents[2] / "packaging" / "debian" / "archisync-gui.service"


def test_it_ends_and_restarts_no_panel_against_the_operators_will() -> None:
    unit = configparser.RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # documented, not typed
    unit.read_string(UNIT.read_text("utf-8"))
    service = unit["Service"]
    # systemd runs ExecStop= also after a second start that found the first one and ended with 0.
    assert not {"ExecStop", "ExecStopPost"} & set(service)
    assert service.get("KillSignal", "SIGTERM") == "SIGTERM"
    said = {exit_codes.USAGE, exit_codes.UNAVAILABLE, exit_codes.BUSY, exit_codes.CONFIG, exit_codes.INTERRUPTED}
    assert {int(code) for code in service["RestartPreventExitStatus"].split()} == said
    assert {"StartLimitIntervalSec", "StartLimitBurst"} <= set(unit["Unit"])
