"""Clearing a list: the message is true, and a list that could not be read again is not cleared."""

from __future__ import annotations

import dataclasses

import pytest
from panel_fakes import NOW, MakePanel, World, busy, calm, entry
from PySide6.QtWidgets import QPushButton

from archisync_gui.model import ErrorInfo, FailureKind, Reason, RunView, Status
from archisync_gui.ui.dialogs.clear import ClearDialog
from archisync_gui.ui.pages.clear_list import ClearList
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.shell.panel import Panel
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


def clear_list(panel: Panel, name: str) -> ClearList:
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    page.focus_on("data")
    page.clear_list.list.setCurrentIndex(page.clear_list.list.findData(name))
    return page.clear_list


def read_by(run: RunView | None, *waiting: str, **changes: object) -> Status:
    """A status after clearing the orders: they are read by ``run``, or wait."""
    queue = tuple(entry(name, 4, 5, reason=Reason.HOLD) for name in waiting)
    current = None if run is None else run.type
    return dataclasses.replace(calm(), current_run=run, current_sync=current, queue=queue, **changes)  # type: ignore[arg-type]


RUN = busy().current_run
assert RUN is not None


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (read_by(dataclasses.replace(RUN, type="orders")), "Orders: cleared; it is being read again."),
        (read_by(None, "ddt", "orders"), "Orders: cleared. Orders is in the queue at place 2: "),
        (read_by(RUN, "orders"), "Orders: cleared. Orders is in the queue at place 1: "),
        (read_by(None), "Orders: cleared."),
        (
            read_by(dataclasses.replace(RUN, type="orders", account="agente02"), "orders"),
            "Orders: cleared. Orders is in the queue",
        ),
    ],
)
async def test_the_message_says_whether_a_cleared_list_is_read_or_waits(
    make_panel: MakePanel, world: World, after: Status, said: str
) -> None:
    cleared: list[tuple[str, str]] = []

    async def clear_and_read(sync_type: str, account: str) -> None:
        cleared.append((sync_type, account))
        world.orchestrator.become(after)

    panel = await make_panel(clear_and_read=clear_and_read)
    part = clear_list(panel, "orders")
    await until(part.clear.isEnabled)
    part.clear.click()
    await until(lambda: bool(part.findChildren(ClearDialog)))
    (dialog,) = part.findChildren(ClearDialog)
    dialog.typed.setText("orders")
    dialog.yes.click()
    await until(panel.window.notice.isVisible)
    assert cleared == [("orders", "agente01")]
    assert panel.window.notice.text.startswith(said)
    buttons = [b.text() for b in panel.window.notice.findChildren(QPushButton) if b.isVisible()]
    assert ("R&un anyway" in buttons) is ("queue" in said)


REFUSED = ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused")


def accounts(*stopped: bool | None) -> Status:
    """``None``: an account that is not in use."""
    known = calm().accounts[0]
    return dataclasses.replace(
        calm(),
        accounts=tuple(
            dataclasses.replace(
                known, id=f"agente0{at}", enabled=how is not None, stopped=REFUSED if how else None, catalogue=at == 1
            )
            for at, how in enumerate(stopped, 1)
        ),
    )


@pytest.mark.parametrize(
    ("status", "orders", "products"),
    [
        (accounts(False), "", ""),
        (accounts(), "No account reads", "No account reads"),
        (accounts(None), "No account reads", "No account reads"),
        (accounts(True), "agente01 is stopped", "agente01 is stopped"),
        (accounts(True, False), "agente01 is stopped", ""),  # another account can read the shared lists
        (accounts(False, True), "", ""),
    ],
)
async def test_a_list_that_no_account_can_read_is_not_cleared(
    make_panel: MakePanel, world: World, status: Status, orders: str, products: str
) -> None:
    world.orchestrator.status = status
    panel = await make_panel(clear_and_read=_never)
    await until(lambda: panel.context.status is status)
    for name, why in (("orders", orders), ("products", products)):
        part = clear_list(panel, name)
        assert part.clear.isEnabled() is (not why)
        assert why in part.clear.toolTip()
        owner = "agente01" if name == "orders" and status.accounts else ""
        dialog = ClearDialog(panel.context, name, owner, 10, panel.window)
        dialog.typed.setText(name)
        assert dialog.yes.isEnabled() is (not why)
        assert why in dialog.yes.toolTip()
        dialog.close()


async def test_the_state_of_the_chosen_account_counts(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = accounts(True, False)
    panel = await make_panel(clear_and_read=_never)
    part = clear_list(panel, "orders")
    await until(lambda: part.account.count() == 2)
    assert not part.clear.isEnabled()
    part.account.setCurrentIndex(1)
    assert part.clear.isEnabled()


@pytest.mark.parametrize(
    ("changes", "said"),
    [({}, ""), ({"hold_since": NOW}, "stays empty until you resume"), ({"session_count": 1}, "until it is closed")],
)
async def test_the_dialog_says_what_the_read_would_wait_for(
    make_panel: MakePanel, world: World, changes: dict[str, object], said: str
) -> None:
    panel = await make_panel()
    dialog = ClearDialog(panel.context, "orders", "agente01", 10, panel.window)
    dialog.show()
    world.orchestrator.become(dataclasses.replace(calm(), **changes))  # type: ignore[arg-type]
    await until(lambda: said in dialog.waits.text() and dialog.waits.isVisible() is bool(said))
    dialog.close()


async def _never(sync_type: str, account: str) -> None:
    raise AssertionError("nothing may be cleared")
