"""What a login that did not succeed says of the password: refused, failed, or nothing at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from archisync_gui.entities import PRICES
from archisync_gui.erp import Erp
from archisync_gui.model import FailureKind, SyncFailure
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
    async def wrong(_: str) -> str:
        return "wrong"

    async def empty(_: str) -> str:
        return ""

    async with world(tmp_path) as here:
        failure = await _open(here, wrong)
        assert (failure.code, failure.kind) == ("login-refused", FailureKind.CREDENTIALS)
        failure = await _open(here, empty)
        assert (failure.code, failure.kind) == ("login-failed", FailureKind.LOGIN)


async def test_a_password_given_during_the_login_is_not_stopped_by_the_earlier_one(tmp_path: Path) -> None:
    given = ["earlier"]

    async def password(_: str) -> str:
        found, given[0] = given[0], "later"
        return found

    async with world(tmp_path) as here:
        failure = await _open(here, password)
    assert (failure.code, failure.kind) == ("login-password-changed", FailureKind.TRANSIENT)
