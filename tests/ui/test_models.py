"""The models signal the smallest change, and their rows match the status."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_fakes import ENTITIES, NOW, SILENT, account_type, ago, busy, calm, entry, history, run_record, with_type
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from archisync_gui.conditions import Condition, conditions
from archisync_gui.model import FIRST_READ, Outcome, Status
from archisync_gui.ui.text import list_words, words
from archisync_gui.ui.text.activity import ActivityLine
from archisync_gui.ui.widgets import types_model
from archisync_gui.ui.widgets.models import ActivityModel, QueueModel, SessionsModel
from archisync_gui.ui.widgets.snapshot_model import VALUE, Cell, SnapshotModel
from archisync_gui.ui.widgets.types_model import TypesModel


@pytest.fixture(autouse=True)
def _names() -> None:
    words.name_types(ENTITIES)


def texts(model: TypesModel, column: int) -> list[str]:
    return [str(model.index(r, column).data()) for r in range(model.rowCount())]


def test_only_changes_are_signalled(qtbot: QtBot) -> None:
    model = TypesModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_status(calm(), NOW)
    told: list[tuple[int, int, int, int]] = []
    model.dataChanged.connect(lambda a, b: told.append((a.row(), a.column(), b.row(), b.column())))
    model.show_status(calm(), NOW)
    assert told == []
    model.show_status(with_type(calm(), account_type("ddt", last_run_time=ago(minutes=3))), NOW)
    assert told == [(2, TypesModel.FRESH, 2, TypesModel.FRESH)]
    told.clear()
    model.show_status(calm(), NOW + timedelta(minutes=1))
    assert told == [(0, TypesModel.FRESH, 5, TypesModel.FRESH)]


def test_accounts_are_rows_below_their_type(qtbot: QtBot) -> None:
    model = TypesModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    status = with_type(calm(), account_type("orders", "agente01"), account_type("orders", "agente02"))
    model.show_status(status, NOW)
    assert model.rowCount() == 6
    model.toggle("orders")
    assert texts(model, 0)[:4] == ["Orders", "agente01", "agente02", "Customers"]
    model.toggle("orders")
    assert model.rowCount() == 6


def test_the_conditions_are_computed_once_for_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are computed from the whole status, and rows are drawn at every event."""
    computed: list[Status] = []

    def counted(status: Status) -> tuple[Condition, ...]:
        computed.append(status)
        return conditions(status)

    monkeypatch.setattr(types_model, "conditions", counted)
    model = TypesModel()
    model.show_status(with_type(calm(), account_type("orders", last_error=SILENT)), NOW)
    assert len(computed) == 1


def test_the_tooltip_has_the_duration_of_the_last_reads_and_the_number_of_failures() -> None:
    model = TypesModel()
    model.show_status(calm(), NOW)
    model.set_runs(history(), lambda _: {})
    tip = model.index(3, TypesModel.EXPECTED).data(Qt.ItemDataRole.ToolTipRole)
    assert "Last: " in tip
    assert "Usually: " in tip
    assert "2 failed" in tip


def test_a_row_without_trouble_shows_todays_changes() -> None:
    model = TypesModel()
    model.show_status(calm(), NOW)
    reads = [
        run_record("orders", NOW - timedelta(hours=1), 20, added=2, changed=0, gone=1),
        run_record("orders", NOW - timedelta(minutes=10), 20, added=1, changed=4, gone=0),
        run_record("orders", NOW - timedelta(minutes=5), 20, outcome=Outcome.FAILED, added=9),
        run_record("customers", NOW - timedelta(hours=1), 20, rows=1512, added=0, changed=0, warnings=(FIRST_READ,)),
        run_record("ddt", NOW - timedelta(hours=1), 20, added=0, changed=0, gone=0),
    ]
    model.set_runs(reads, lambda _: list_words.news_of(reads))
    assert texts(model, TypesModel.TODAY)[:4] == ["3 new · 4 changed · 1 gone", "first read today", "no change", "–"]


def test_a_row_in_trouble_shows_the_reason_and_other_rows_are_less_prominent() -> None:
    model = TypesModel()
    failed = account_type("ddt", last_outcome=Outcome.FAILED, last_error=SILENT, failures_in_a_row=1)
    model.show_status(with_type(calm(), failed), NOW)
    cell = model.index(2, TypesModel.TODAY).data(VALUE)
    assert (cell.text, cell.chip.tone) == ("Failed · ERP silent", "bad")
    assert cell.detail == "tried again at 13:50 · the stored data are unchanged"
    assert cell.detail in model.index(2, TypesModel.TODAY).data(Qt.ItemDataRole.ToolTipRole)
    assert [model.index(at, TypesModel.TYPE).data(VALUE).faded for at in range(4)] == [True, True, False, True]
    assert list_words.row_remedy(model.item(2).condition) == ("Try again now", "sync", ("ddt",))
    assert list_words.row_remedy(model.item(0).condition) == ("", "", None)


def test_queue_follows_removals_and_moves(qtbot: QtBot) -> None:
    model = QueueModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    first, second, third = entry("orders", 6, 1), entry("ddt", 4, 2), entry("prices", 2, 3)
    status = calm()
    for queue in ((first, second, third), (third, first, second), (third, second), (), (second, first)):
        model.show_status(dataclasses.replace(status, queue=queue), NOW)
        assert tuple(model.item(r) for r in range(model.rowCount())) == queue


@given(snapshots=st.lists(st.lists(st.integers(0, 12), unique=True), min_size=1, max_size=6))
def test_rows_follow_any_change_of_the_keys(snapshots: list[list[int]]) -> None:
    model = SnapshotModel(1)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for keys in snapshots:
        model.replace([(key, key, (Cell(str(key)),)) for key in keys])
        assert [model.item(at) for at in range(model.rowCount())] == keys
        assert [model.index(at, 0).data() for at in range(model.rowCount())] == [str(key) for key in keys]


def test_adjacent_rows_are_inserted_and_removed_with_one_signal(qtbot: QtBot) -> None:
    """Each signal costs every listener work."""
    model, told = SnapshotModel(1), []
    model.rowsInserted.connect(lambda _, first, last: told.append(("in", first, last)))
    model.rowsRemoved.connect(lambda _, first, last: told.append(("out", first, last)))

    model.rowsMoved.connect(lambda _, first, last, __, to: told.append(("up", first, to)))

    def show(*keys: int) -> list[tuple[str, int, int]]:
        told.clear()
        model.replace([(key, key, (Cell(str(key)),)) for key in keys])
        return told

    assert show(*range(1000)) == [("in", 0, 999)]
    assert show(*range(500, 1500)) == [("out", 0, 499), ("in", 500, 999)]
    assert show(1499, *range(500, 1499)) == [("up", 999, 0)]
    assert show() == [("out", 0, 999)]


def test_activity_is_newest_first_and_bounded(qtbot: QtBot) -> None:
    model = ActivityModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for start in range(0, 300, 100):
        model.prepend([ActivityLine(NOW, f"line {i}", "text") for i in range(start, start + 100)])
    assert model.rowCount() == model.KEPT
    assert model.index(0, 0).data() == "line 299"


def test_sessions_show_handles_labels_and_signs_of_life() -> None:
    model = SessionsModel()
    model.show_status(busy(), NOW)
    assert [model.index(r, 0).data() for r in range(2)] == ["Ordine Ferramenta Demo", "program without a name"]
    assert model.index(1, 2).data() == "now"


def test_attempts_of_one_request_are_one_line(qtbot: QtBot) -> None:
    model = ActivityModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for minute in range(3):
        at = NOW + timedelta(minutes=minute)
        model.prepend([ActivityLine(at, f"failed {minute}", "bad", subject="error:ddt:a")])
    model.prepend([ActivityLine(NOW + timedelta(hours=1), "failed later", "bad", subject="error:ddt:a")])
    assert [model.index(r, 0).data() for r in range(model.rowCount())] == ["failed later", "failed 2"]


def test_a_failed_attempt_never_shows_its_own_row_count() -> None:
    model = TypesModel()
    failed = account_type("ddt", last_outcome=Outcome.FAILED, last_error=SILENT, failures_in_a_row=1, rows=0, added=0)
    model.show_status(with_type(calm(), failed), NOW)
    tip = model.index(2, TypesModel.FRESH).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("the ERP does not answer\n")
    model.set_runs(
        [run_record("ddt", NOW - timedelta(hours=1), 20, rows=1130, added=1, changed=2, gone=3)], lambda _: {}
    )
    tip = model.index(2, TypesModel.FRESH).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("1,130 rows · +1 ~2 −3\n")
