"""Times that people read and type are the office's, whatever the computer's zone is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import archisync_gui
from archisync_gui import zone
from archisync_gui.app import words as terminal
from archisync_gui.ui.text import i18n

SUMMER = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)

PACKAGE = Path(archisync_gui.__path__[0])


@pytest.mark.parametrize(
    ("name", "shown"), [("Europe/Rome", "00:30"), ("America/New_York", "18:30"), ("Asia/Tokyo", "07:30")]
)
def test_every_formatter_uses_the_offices_zone(name: str, shown: str) -> None:
    zone.use(name)
    assert i18n.clock(SUMMER) == shown
    assert i18n.moment(SUMMER, SUMMER) == shown
    assert i18n.absolute(SUMMER).endswith(f"{shown}:00")
    assert terminal.clock(SUMMER.isoformat(), "it").endswith(shown)
    assert zone.local(SUMMER).date() == zone.local(zone.local(SUMMER)).date()


def test_what_a_person_types_is_the_offices_time() -> None:
    zone.use("Europe/Rome")
    assert zone.local(datetime.fromisoformat("2026-07-02 00:30")) == SUMMER
    zone.use("Asia/Tokyo")
    assert zone.local(datetime.fromisoformat("2026-07-02 07:30")) == SUMMER


@pytest.mark.parametrize("name", ["", "Nowhere/Atlantis", "../../etc/passwd"])
def test_an_unknown_zone_means_the_computers_own(name: str) -> None:
    zone.use(name)
    assert zone.local(SUMMER).utcoffset() == SUMMER.astimezone().utcoffset()


@pytest.mark.parametrize("part", ["ui", "app", "endpoint", "export.py", "cli.py"])
def test_no_other_place_converts_to_the_computers_zone(part: str) -> None:
    """``astimezone()`` without an argument means the computer's zone; the crash report may use it: no settings are
    loaded then."""
    place = PACKAGE / part
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    wrong = re.compile(r"\.astimezone\(\)|QDate(?:Time)?\.currentDate|fromSecsSinceEpoch|date\.today\(")
    found = [f.name for f in files if wrong.search(f.read_text(encoding="utf-8")) and f.name != "crash.py"]
    assert found == []
