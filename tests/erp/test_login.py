"""The outcomes of an unsuccessful login: the password was refused, the login failed, or neither is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error

from archisync_gui.entities import PRICES
from archisync_gui.erp import Erp
from archisync_gui.erp.driver.page_driver import PageDriver
from archisync_gui.model import FailureKind, Outcome, SyncFailure
from tests.syncs.erp_harness import QUICK, USER, World, world

pytestmark = pytest.mark.one_browser


async def _open(here: World, password: Callable[[str], Awaitable[str]]) -> SyncFailure:
    """The failure of opening a list with that password."""
    erp = Erp(address=lambda: here.demo.base_url, password=password, limits=QUICK)
    try:
        with pytest.raises(SyncFailure) as caught:
            async with erp.list(PRICES, USER, (), lambda: None):
                pass
    finally:
        await erp.close()
    return caught.value


async def test_a_wrong_password_is_refused_and_an_empty_one_is_not(tmp_path: Path) -> None:
    async def empty(_: str) -> str:
        return ""

    async with world(tmp_path) as here:
        failure = await _open(here, wrong)
        assert (failure.code, failure.kind) == ("login-refused", FailureKind.CREDENTIALS)
        failure = await _open(here, empty)
        assert (failure.code, failure.kind) == ("login-failed", FailureKind.LOGIN)


NOTICE = "Questa sera dalle 20 manutenzione."
REFUSAL = "Accesso non riuscito: il nome utente o la password non sono corretti."


async def wrong(_: str) -> str:
    return "wrong"


async def right(_: str) -> str:
    return "demo"


def attempts(here: World) -> list[str]:
    """The result of each login that reached the ERP."""
    return [
        action.detail or action.kind
        for action in here.demo.actions
        if action.path.endswith("/Login.aspx") and action.detail != "login page"
    ]


@pytest.mark.parametrize("notice", [NOTICE, REFUSAL], ids=["notice", "what the last user was told"])
async def test_a_text_that_was_shown_before_the_login_is_no_refusal(tmp_path: Path, notice: str) -> None:
    async with world(tmp_path) as here:
        here.demo.vary("login-notice", text=notice)
        assert (await here.sync("invoices")).outcome is Outcome.COMPLETED
        await here.erp.forget(USER)
        here.demo.fault("login-fails")
        failure = await _open(here, right)
        assert (failure.code, failure.kind) == ("login-failed", FailureKind.LOGIN)


@pytest.mark.parametrize("notice", ["", NOTICE, REFUSAL], ids=["empty", "notice", "what the last user was told"])
async def test_a_refusal_is_seen_beside_an_earlier_text_and_not_tried_again(tmp_path: Path, notice: str) -> None:
    async with world(tmp_path) as here:
        if notice:
            here.demo.vary("login-notice", text=notice)
        failure = await _open(here, wrong)
        assert (failure.code, failure.kind) == ("login-refused", FailureKind.CREDENTIALS)
        assert failure.params["error"] == REFUSAL, "the message contains the notice"
        assert attempts(here) == ["refused"]


@pytest.mark.parametrize(
    ("notice", "code"), [("", "login-refused"), (NOTICE, "login-refused"), (REFUSAL, "login-failed")]
)
async def test_a_refusal_in_a_reloaded_login_page_is_seen(tmp_path: Path, notice: str, code: str) -> None:
    """Except where the text is the same as before the login, since then it may be a notice."""
    async with world(tmp_path) as here:
        if notice:
            here.demo.vary("login-notice", text=notice)
        here.demo.fault("login-refused", how="reload")
        assert (await _open(here, right)).code == code
        assert attempts(here) == ["refused"]


async def test_a_page_that_hangs_after_the_login_was_sent_is_not_retried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retries could send a wrong password four times within a minute."""
    click = PageDriver.click

    async def hanging(driver: PageDriver, *given: Any) -> None:
        await click(driver, *given)
        with suppress(Error):  # the page may be navigating to the list already
            await driver.page.evaluate("() => { setTimeout(() => { for (;;); }, 0); }")
        driver.limit = 0.5

    monkeypatch.setattr(PageDriver, "click", hanging)
    async with world(tmp_path) as here:
        failure = await _open(here, wrong)
        assert (failure.code, failure.kind) == ("login-failed", FailureKind.LOGIN)
        assert len(attempts(here)) <= 1


async def test_a_password_changed_during_the_login_is_not_stopped_by_the_refusal_of_the_old_one(
    tmp_path: Path,
) -> None:
    given = ["earlier"]

    async def password(_: str) -> str:
        found, given[0] = given[0], "later"
        return found

    async with world(tmp_path) as here:
        failure = await _open(here, password)
    assert (failure.code, failure.kind) == ("login-password-changed", FailureKind.TRANSIENT)
