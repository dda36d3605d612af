"""The cards of the ERP accounts: typed texts and login tests of one card are kept when other cards change."""

from __future__ import annotations

import asyncio

import pytest
from panel_fakes import MakePanel, World
from PySide6.QtWidgets import QInputDialog, QPushButton

from archisync_gui.ui.dialogs.first_run import FirstRun
from archisync_gui.ui.live.services import LoginTest
from archisync_gui.ui.pages.accounts import Accounts
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.text.i18n import set_language
from archisync_gui.ui.widgets.dialog import Confirm
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


class Login:
    """A login that ends when the test allows it, and the passwords kept after it."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.tried: list[tuple[str, str | None]] = []
        self.kept: list[tuple[str, str]] = []

    async def test(self, account: str, password: str | None) -> LoginTest:
        self.tried.append((account, password))
        await self.over.wait()
        return LoginTest(True, "Good.")

    async def keep(self, account: str, password: str) -> bool:
        self.kept.append((account, password))
        return True


def accounts_of(panel: Panel) -> Accounts:
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    return page.accounts


async def opened(make_panel: MakePanel, world: World, login: Login, *names: str) -> Panel:
    world.settings = world.settings.with_({"erp.accounts": names, "look.first_run_done": True})
    return await make_panel(demo=False, set_password=login.keep, test_login=login.test)


@pytest.mark.parametrize("what", ["added", "removed", "language"])
async def test_a_password_is_kept_whatever_happens_to_the_page_during_its_login(
    make_panel: MakePanel, world: World, what: str
) -> None:
    """A login waits for the active read, which may take minutes."""
    login = Login()
    panel = await opened(make_panel, world, login, "anna", "bruno")
    accounts = accounts_of(panel)
    card = accounts.cards["anna"]
    card.password.field.setText("geheim")
    accounts.cards["bruno"].password.field.setText("half a pass")
    card.save.click()
    await until(lambda: bool(login.tried))
    match what:
        case "added":
            accounts.add_name.setText("carla")
            accounts.add_button.click()
            await until(lambda: list(accounts.cards) == ["anna", "bruno", "carla"])
            assert accounts.cards["bruno"].password.field.text() == "half a pass"
        case "removed":
            panel.context.apply({"erp.accounts": ["anna"]})
            await until(lambda: list(accounts.cards) == ["anna"])
        case "language":
            set_language("it")
            await until(lambda: card.remove.text() == "Rimuovi")
            assert not card.save.isEnabled()
            assert accounts.cards["bruno"].password.field.text() == "half a pass"
    await asyncio.sleep(0)  # deleted widgets are removed
    login.over.set()
    await until(lambda: bool(login.kept))
    assert login.kept == [("anna", "geheim")]
    await until(lambda: card.result.text().startswith("Good."))
    assert card.password.field.text() == ""
    assert card.save.isEnabled()
    assert not panel.window.notice.isVisible()


async def test_a_text_typed_during_a_login_is_kept(make_panel: MakePanel, world: World) -> None:
    login = Login()
    card = accounts_of(await opened(make_panel, world, login, "anna")).cards["anna"]
    card.password.field.setText("geheim")
    card.save.click()
    await until(lambda: bool(login.tried))
    card.password.field.setText("another")
    login.over.set()
    await until(lambda: card.result.text().startswith("Good."))
    assert card.password.field.text() == "another"


async def test_a_login_test_ends_with_its_card(make_panel: MakePanel, world: World) -> None:
    """The account is removed during its login test: neither a result nor an error is shown."""
    login = Login()
    panel = await opened(make_panel, world, login, "anna", "bruno")
    accounts = accounts_of(panel)
    accounts.cards["anna"].test.click()
    await until(lambda: login.tried == [("anna", None)])
    panel.context.apply({"erp.accounts": ["bruno"]})
    await until(lambda: list(accounts.cards) == ["bruno"])
    await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "ui:test-login"])
    assert not panel.window.notice.isVisible()


async def test_a_login_test_of_the_first_run_ends_with_its_dialog(make_panel: MakePanel, world: World) -> None:
    login = Login()
    panel = await opened(make_panel, world, login)
    panel.context.open("first-run")
    (first,) = (dialog for dialog in panel.dialogs.open_now.values() if isinstance(dialog, FirstRun))
    first.account.setText("anna")
    first.test.click()
    await until(lambda: bool(login.tried))
    first.close()
    await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "ui:first-test"])
    assert not panel.window.notice.isVisible()


async def test_cards_have_the_order_of_the_settings(make_panel: MakePanel, world: World) -> None:
    panel = await opened(make_panel, world, Login(), "anna", "bruno")
    accounts = accounts_of(panel)
    panel.context.apply({"erp.accounts": ["carla", "bruno", "anna"]})
    await until(lambda: list(accounts.cards) == ["carla", "bruno", "anna"])
    await until(lambda: accounts.cards["carla"].y() < accounts.cards["bruno"].y() < accounts.cards["anna"].y())
    names = [b.accessibleName() for b in accounts.findChildren(QPushButton) if b.text() == "Remove"]
    assert sorted(names) == ["Remove anna", "Remove bruno", "Remove carla"]


@pytest.mark.parametrize("left", [False, True])
async def test_a_password_that_could_not_be_deleted_is_reported(
    make_panel: MakePanel, world: World, left: bool
) -> None:
    asked: list[str] = []

    async def password_left(account: str) -> bool:
        asked.append(account)
        return left

    world.settings = world.settings.with_({"erp.accounts": ["anna"], "look.first_run_done": True})
    panel = await make_panel(demo=False, password_left=password_left)
    accounts = accounts_of(panel)
    accounts.cards["anna"].remove.click()
    await until(lambda: any(isinstance(box, Confirm) for box in accounts.findChildren(Confirm)))
    (box,) = accounts.findChildren(Confirm)
    next(b for b in box.findChildren(QPushButton) if b.text() == "&Remove").click()
    await until(lambda: asked == ["anna"])
    assert world.settings.words("erp.accounts") == ()
    await until(lambda: accounts.cards == {})
    assert panel.window.notice.isVisible() is left
    assert ("could not be deleted" in panel.window.notice.text) is left


async def test_a_password_dialog_of_a_removed_account_tries_and_keeps_nothing(
    make_panel: MakePanel, world: World
) -> None:
    login = Login()
    login.over.set()
    world.settings = world.settings.with_({"erp.accounts": ["anna", "bruno"], "look.first_run_done": True})

    async def has(account: str) -> bool:
        return False

    panel = await make_panel(demo=False, set_password=login.keep, test_login=login.test, has_password=has)
    await until(lambda: bool(panel.window.findChildren(QInputDialog)))
    (asked,) = panel.window.findChildren(QInputDialog)
    assert "anna" in asked.labelText()
    panel.context.apply({"erp.accounts": ["bruno"]})
    await until(lambda: world.settings.words("erp.accounts") == ("bruno",))
    asked.setTextValue("geheim")
    asked.accept()
    await until(lambda: "no longer in Settings" in panel.window.notice.text)
    await until(lambda: [d for d in panel.window.findChildren(QInputDialog) if "bruno" in d.labelText()] != [])
    assert (login.tried, login.kept) == ([], [])
    panel.context.apply({"erp.accounts": []})
    await until(lambda: world.settings.words("erp.accounts") == ())
    for dialog in panel.window.findChildren(QInputDialog):
        dialog.reject()
    panel.context.open("password", "anna")
    await asyncio.sleep(0)
    assert [d for d in panel.window.findChildren(QInputDialog) if d.isVisible()] == []


async def test_passwords_asked_for_while_a_question_is_open_are_asked_for_after_it(
    make_panel: MakePanel, world: World
) -> None:
    world.settings = world.settings.with_({"erp.accounts": ["anna", "bruno"], "look.first_run_done": True})
    with_password = {"anna"}

    async def has(account: str) -> bool:
        return account in with_password

    async def keep(account: str, password: str) -> bool:
        return True

    panel = await make_panel(demo=False, set_password=keep, has_password=has)

    def questions() -> list[str]:
        return [d.labelText() for d in panel.window.findChildren(QInputDialog) if d.isVisible()]

    await until(lambda: len(questions()) == 1 and "bruno" in questions()[0])
    with_password.clear()
    for _ in range(2):
        panel.context.open("password", "anna")
    await until(lambda: "anna" in panel.passwords._wanted)
    (dialog,) = [d for d in panel.window.findChildren(QInputDialog) if d.isVisible()]
    assert "bruno" in dialog.labelText()
    dialog.reject()
    await until(lambda: len(questions()) == 1 and "anna" in questions()[0])
    (dialog,) = [d for d in panel.window.findChildren(QInputDialog) if d.isVisible()]
    dialog.reject()
    await until(lambda: not panel.context.background._tasks)
    assert questions() == [], "asked for twice"
