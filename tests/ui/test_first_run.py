"""The end of the first steps: done once, whatever is pressed, also when the dialog is closed meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from panel_fakes import MakePanel, World

from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.ui.dialogs.first_run import FirstRun
from archisync_gui.ui.shell.panel import Panel
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


class Keyring:
    """A keyring that answers when the test allows it."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.error: Exception | None = None
        self.kept: list[tuple[str, str]] = []

    async def keep(self, account: str, password: str) -> bool:
        self.kept.append((account, password))
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        return True


async def at_the_last_step(make_panel: MakePanel, keyring: Keyring) -> tuple[Panel, FirstRun]:
    panel = await make_panel(demo=False, set_password=keyring.keep)
    (first,) = (dialog for dialog in panel.dialogs.open_now.values() if isinstance(dialog, FirstRun))
    first.url.setText("https://erp.example.test/Archibald")
    first.account.setText("agente07")
    first.password.setText("segreto")
    while first.skip.isVisible():
        first.skip.click()
    return panel, first


def ended(panel: Panel) -> bool:
    return panel.dialogs.open_now == {} and "ui:first-run" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_finish_pressed_twice_finishes_once(make_panel: MakePanel, world: World) -> None:
    keyring = Keyring()
    panel, first = await at_the_last_step(make_panel, keyring)
    first.next.click()
    first.next.click()
    await until(lambda: bool(keyring.kept))
    first.next.click()
    assert not first.next.isEnabled()
    keyring.answers.set()
    await until(lambda: ended(panel))
    assert keyring.kept == [("agente07", "segreto")]
    assert world.settings.words("erp.accounts") == ("agente07",)
    assert world.orchestrator.calls.count(("request_full", ())) == 1


async def test_after_a_failure_to_keep_the_password_it_can_be_tried_again(make_panel: MakePanel, world: World) -> None:
    keyring = Keyring()
    keyring.error = SyncFailure("keyring-silent", FailureKind.LOGIN, params={"account": "agente07"})
    keyring.answers.set()
    panel, first = await at_the_last_step(make_panel, keyring)
    first.next.click()
    await until(lambda: "keyring" in first.wrong.text())
    await until(first.next.isEnabled)
    keyring.error = None
    first.next.click()
    await until(lambda: ended(panel))
    assert ("request_full", ()) in world.orchestrator.calls


@pytest.mark.parametrize("fails", [False, True])
async def test_it_finishes_although_it_is_closed_meanwhile(make_panel: MakePanel, world: World, fails: bool) -> None:
    """A locked keyring takes seconds, and the operator presses Escape."""
    keyring = Keyring()
    if fails:
        keyring.error = SyncFailure("keyring-silent", FailureKind.LOGIN, params={"account": "agente07"})
    panel, first = await at_the_last_step(make_panel, keyring)
    first.next.click()
    await until(lambda: bool(keyring.kept))
    first.close()
    await until(lambda: panel.dialogs.open_now == {})
    await asyncio.sleep(0)
    keyring.answers.set()
    await until(lambda: ended(panel))
    await until(panel.window.notice.isVisible)
    assert ("keyring is locked" in panel.window.notice.text) is fails
    assert (("request_full", ()) in world.orchestrator.calls) is not fails
