"""The actions for a list in trouble, also while it waits for another reason."""

from __future__ import annotations

import pytest
from panel_fakes import MakePanel, World, account_type, calm, overview, with_type
from PySide6.QtWidgets import QPushButton

from archisync_gui.model import ErrorInfo, FailureKind, Outcome, Reason, SyncFailure, SyncState
from archisync_gui.ui.dialogs.trouble import TroubleDialog
from archisync_gui.ui.widgets.snapshot_model import ROW
from archisync_gui.ui.widgets.types_model import TypesModel
from tests.support.waiting import until

pytestmark = pytest.mark.qasync

SHRINK = ErrorInfo("shrink", FailureKind.REFUSED, "fewer rows", {"list": "customers", "before": 100, "now": 40})


@pytest.mark.parametrize(
    ("state", "reason"), [(SyncState.BACKING_OFF, Reason.BACK_OFF), (SyncState.WAITING, Reason.HOLD)]
)
async def test_a_refused_read_can_be_opened_while_its_list_waits(
    make_panel: MakePanel, world: World, state: SyncState, reason: Reason
) -> None:
    item = account_type(
        "customers", state=state, reason=reason, last_outcome=Outcome.REFUSED, last_error=SHRINK, failures_in_a_row=3
    )
    world.orchestrator.status = with_type(calm(), item)
    panel = await make_panel()
    table, types = overview(panel).table, overview(panel).types
    (row,) = (at for at in range(types.rowCount()) if types.index(at, 0).data(ROW).type == "customers")
    menu = table.menu(types.index(row, 0).data(ROW))
    (look,) = (action for action in menu.actions() if action.text() == "&Check the refused read")
    look.trigger()
    menu.close()
    assert [type(dialog) for dialog in panel.dialogs.open_now.values()] == [TroubleDialog]
    for dialog in list(panel.dialogs.open_now.values()):
        dialog.close()
    if state is SyncState.BACKING_OFF:
        table.clicked.emit(types.index(row, TypesModel.TODAY))
        assert [type(dialog) for dialog in panel.dialogs.open_now.values()] == [TroubleDialog]


async def test_a_login_that_cannot_be_requested_is_reported(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account was removed while the dialog was open."""

    def removed(account: str) -> None:
        raise SyncFailure("request-unknown-account", FailureKind.PERMANENT, params={"account": account})

    refused = ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused", {"account": "agente01"})
    panel = await make_panel()
    panel.open("trouble", account_type("orders", state=SyncState.STOPPED, last_error=refused))
    (dialog,) = panel.dialogs.open_now.values()
    monkeypatch.setattr(world.orchestrator, "retry_login", removed)
    next(b for b in dialog.findChildren(QPushButton) if b.text() == "Try the same &once").click()
    assert "agente01" in panel.window.notice.text
    assert "One more try" not in panel.window.notice.text
    await until(lambda: panel.dialogs.open_now == {})
