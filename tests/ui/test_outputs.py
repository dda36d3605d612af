"""Exports of the panel (runs, a day, one run and its log), and the two decisions about a refused read."""

from __future__ import annotations

import errno
import json
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from panel_fakes import NOW, SILENT, MakePanel, World, account_type, ago, run_record
from panel_office import Office
from PySide6.QtWidgets import QLabel, QPushButton

from archisync_gui.entities import ENTITIES
from archisync_gui.model import ErrorInfo, FailureKind, Outcome, SyncFailure, SyncState
from archisync_gui.ui.dialogs.accept import AcceptDialog
from archisync_gui.ui.dialogs.run_details import RunDetails
from archisync_gui.ui.dialogs.trouble import TroubleDialog
from archisync_gui.ui.output.diagnostics import Diagnostics
from archisync_gui.ui.pages.history import STEP, History
from archisync_gui.ui.pages.summary import SummaryPage
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.widgets.dialog import Confirm, Dialog
from archisync_gui.zone import local
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


def to(path: Path) -> Callable[..., Awaitable[Path]]:
    async def where(*_: object) -> Path:
        return path

    return where


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def saved(panel: Panel, name: str) -> None:
    await until(lambda: name in panel.window.notice.text)


async def test_the_history_as_excel_has_outcome_duration_and_error(
    make_panel: MakePanel, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = run_record("orders", ago(minutes=5), 30, outcome=Outcome.FAILED, error=SILENT, id="r1")
    world.store.all_runs = (failed, run_record("ddt", ago(minutes=9), 61.25, id="r2"))
    monkeypatch.setattr("archisync_gui.ui.pages.history.ask_where", to(tmp_path / "runs.xlsx"))
    panel = await make_panel()
    page = panel.window.go("history")
    assert isinstance(page, History)
    await until(lambda: page.model.rowCount() == 2)
    page.export.click()
    await saved(panel, "runs.xlsx")
    sheet = load_workbook(tmp_path / "runs.xlsx").active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:5] == ("Started", "Ended", "List", "Account", "Outcome")
    assert rows[1][2:7] == ("Orders", "agente01", "Failed", "scheduled", 30)
    assert rows[1][-1] == "Timeout 30000 ms exceeded"
    assert rows[2][6] == pytest.approx(61.2, abs=0.1)


async def test_a_shortened_history_says_so_and_its_file_is_complete(
    make_panel: MakePanel, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = [NOW - timedelta(minutes=49 * (n // 7) + 5) for n in range(STEP + 40)]  # pages end between equal ones
    await office.keep(*(run_record("orders", at, 30, id=f"o{n}") for n, at in enumerate(starts)))
    monkeypatch.setattr("archisync_gui.ui.pages.history.ask_where", to(tmp_path / "runs.csv"))
    monkeypatch.setattr("archisync_gui.ui.live.past_runs.RUNS", 100)
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("history")
    assert isinstance(page, History)
    page.period.setCurrentIndex(page.period.findData("30"))
    await until(lambda: page.model.rowCount() == STEP)
    assert page._count.text() == f"the newest: {STEP} runs"
    cut = local(page._runs[-1].started).date()
    assert cut not in {local(run.started).date() for run in page._whole_days()}
    page.export.click()
    await saved(panel, "runs.csv")
    assert len((tmp_path / "runs.csv").read_text(encoding="utf-8").splitlines()) == STEP + 40 + 1
    page.more.click()
    await until(lambda: page.model.rowCount() == STEP + 40)
    assert page._count.text() == f"{STEP + 40} runs"
    assert cut in {local(run.started).date() for run in page._whole_days()}


@pytest.mark.parametrize("ending", ["pdf", "csv", "xlsx"])
async def test_a_summary_as_a_file(
    make_panel: MakePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    file = tmp_path / f"day.{ending}"
    monkeypatch.setattr("archisync_gui.ui.pages.summary.ask_where", to(file))
    panel = await make_panel()
    page = panel.window.go("summary")
    assert isinstance(page, SummaryPage)
    await until(lambda: page.content is not None)
    page.export.click()
    await saved(panel, file.name)
    begins = {"pdf": b"%PDF", "csv": b"\xef\xbb\xbf", "xlsx": b"PK"}[ending]
    assert file.read_bytes().startswith(begins)


@pytest.mark.parametrize("ending", ["json", "txt"])
async def test_a_run_as_a_file_with_its_log_lines(
    make_panel: MakePanel, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    log, file = tmp_path / "archisync.log", tmp_path / f"run.{ending}"
    log.write_text("2026-03-10 14:00:01,000 ERROR   a: run r1 failed\n", encoding="utf-8")
    world.store.all_runs = (run_record("orders", ago(minutes=5), 30, outcome=Outcome.FAILED, error=SILENT, id="r1"),)
    monkeypatch.setattr("archisync_gui.ui.dialogs.run_details.ask_where", to(file))
    panel = await make_panel(log_file=log)
    panel.open("run", "r1")
    await until(lambda: "run:r1" in panel.dialogs.open_now)
    found = panel.dialogs.open_now["run:r1"]
    assert isinstance(found, RunDetails)
    await until(lambda: "run r1 failed" in found.log.toPlainText())
    found.export.click()
    await saved(panel, file.name)
    text = file.read_text(encoding="utf-8")
    if ending == "json":
        assert json.loads(text)["id"] == "r1"
    else:
        assert "run r1 failed" in text
        assert "Timeout 30000 ms exceeded" in text


async def test_a_run_or_a_bundle_on_a_full_disk_does_not_change_the_older_file(
    make_panel: MakePanel, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, bundle = tmp_path / "run.txt", tmp_path / "bundle.zip"
    for file in (run, bundle):
        file.write_text("the older file", encoding="utf-8")
    monkeypatch.setattr("archisync_gui.ui.dialogs.run_details.ask_where", to(run))
    panel = await make_panel()
    dialog = RunDetails(panel.context, run_record("orders", ago(minutes=5), 30), panel.window)

    def full(path: Path, text: str, encoding: str) -> int:
        path.write_bytes(text[:10].encode(encoding))
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    def full_zip(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        patch.setattr(zipfile.ZipFile, "writestr", full_zip)
        for writing in (dialog._export(), Diagnostics(world.services(), lambda: None).write(bundle)):
            with pytest.raises(OSError, match="No space"):
                await writing
    dialog.close()
    assert [file.read_text(encoding="utf-8") for file in (run, bundle)] == ["the older file"] * 2
    assert names(tmp_path) == {"run.txt", "bundle.zip"}, "an unfinished file is left"


async def test_a_file_that_cannot_be_written_is_reported_with_a_message(
    make_panel: MakePanel, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_errors: object
) -> None:
    expected_errors(r"archisync_gui\.ui\.live\.bridge: ui:export-history failed")  # type: ignore[operator]
    monkeypatch.setattr("archisync_gui.ui.pages.history.ask_where", to(tmp_path / "gone" / "runs.csv"))
    panel = await make_panel()
    page = panel.window.go("history")
    assert isinstance(page, History)
    await until(lambda: page.model.rowCount() > 0)
    page.export.click()
    await until(lambda: "cannot be used: No such file or directory." in panel.window.notice.text)
    assert "choose another folder" in panel.window.notice.text


@pytest.mark.parametrize(
    ("code", "button", "yes", "service"),
    [
        ("shrink", "It is right so, &accept…", "&Accept", "accept_read"),
        ("keys-changed", "Re-&key…", "Re-&key", "rekey"),
    ],
)
async def test_a_decision_about_a_refused_read_is_confirmed_and_its_failure_is_shown(
    make_panel: MakePanel, world: World, code: str, button: str, yes: str, service: str
) -> None:
    decided: list[str] = []

    async def decide(run_id: str) -> None:
        decided.append(run_id)
        if len(decided) == 1:
            raise SyncFailure("clear-while-running", FailureKind.PERMANENT, params={"type": "orders"})

    panel = await make_panel(**{service: decide})
    error = ErrorInfo(code, FailureKind.REFUSED, "looked wrong")
    item = account_type(
        "orders", state=SyncState.REFUSED, last_outcome=Outcome.REFUSED, last_error=error, last_attempt=NOW
    )
    panel.open("trouble", item)
    (dialog,) = panel.dialogs.open_now.values()
    assert isinstance(dialog, TroubleDialog)

    async def confirm() -> None:
        next(b for b in dialog.findChildren(QPushButton) if b.text() == button).click()
        await until(lambda: any(b.isVisible() for b in dialog.findChildren(Dialog)))
        box = next(b for b in dialog.findChildren(Dialog) if b.isVisible())
        assert isinstance(box, (Confirm, AcceptDialog))
        assert any("backup" in part.text() for part in box.findChildren(QLabel))
        assert box.yes.text() == yes
        if isinstance(box, AcceptDialog):
            box.typed.setText("1,000")
        box.yes.click()

    await confirm()
    await until(lambda: decided == ["run-orders"])
    await until(lambda: bool(panel.window.notice.text))
    assert "read" in panel.window.notice.text
    assert dialog.isVisible()
    await confirm()
    await until(lambda: decided == ["run-orders"] * 2)
    await until(lambda: "done" in panel.window.notice.text)
    await until(lambda: not panel.dialogs.open_now)
