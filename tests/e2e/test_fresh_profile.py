"""A fresh profile through the command line: six lists complete, every declared field filled, the user's views kept."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archisync_gui import cli
from archisync_gui.app.demo import DEMO_ACCOUNT, DemoOptions
from archisync_gui.demo_erp import DemoClock, DemoErp
from archisync_gui.entities import ENTITIES

OWN_VIEWS = {
    "customers": {"search": "studio", "sort": (("CITY", "ASC"), ("NAME", "DSC"))},
    "orders": {
        "preset": "ListViewSalesTableOrdersThisMonth",
        "filter_row": [("SALESNAME", "S", "BeginsWith")],
        "page_size": 50,
    },
    "ddt": {"group_by": ("DELIVERYNAME",), "expanded": True},
    "invoices": {"preset": "open_invoices", "page_size": 10},
}
"""What the person at the other browser has set; the other lists are as shipped."""


@pytest.mark.nightly
def test_a_fresh_profile_reads_all_lists_complete_and_leaves_every_view_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By day: ``tests/erp/test_ways.py`` reads the lists of a fresh profile, ``tests/e2e/test_first_light.py`` runs the
    command."""
    demo = DemoErp(scale=0.1, clock=DemoClock.parse("stopped"))
    for name, view in OWN_VIEWS.items():
        demo.set_preferences(DEMO_ACCOUNT, name, **view)
    before = demo.view_records()
    monkeypatch.setattr(DemoOptions, "erp", lambda self: demo)

    code = cli.main(["sync", "all", "--demo", "--json", "--profile", str(tmp_path / "profile")])

    printed = capsys.readouterr()
    assert code == 0, printed
    lines = {line["type"]: line for line in map(json.loads, printed.out.splitlines())}
    assert {name: line["outcome"] for name, line in lines.items()} == {e.name: "completed" for e in ENTITIES}
    assert demo.view_records() == before, "byte for byte"
    assert not [action for action in demo.actions if action.writes]
    (file,) = (tmp_path / "profile").rglob("archisync.db")
    with closing(sqlite3.connect(file)) as connection:
        for entity in ENTITIES:
            counts = ", ".join(f'count("{column.name}")' for column in entity.columns)
            rows, *filled = connection.execute(f'SELECT count(*), {counts} FROM "{entity.name}"').fetchone()
            assert rows == lines[entity.name]["rows"] > 0
            assert lines[entity.name]["added"] == 0, "nothing is new in a first read"
            empty = [column.name for column, count in zip(entity.columns, filled, strict=True) if not count]
            assert empty == [], entity.name
