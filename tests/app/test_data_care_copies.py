"""One customer's data in the copies of the drafts: named, found and deleted as those in the archive's backups."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from care_samples import AGENT, OTHER, PERSON, fill, named_in

from archisync_gui.app import data_care
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.drafts import Drafts
from archisync_gui.drafts.copies import daily
from archisync_gui.drafts.drafts import FILE
from archisync_gui.model import SystemClock
from archisync_gui.store import StoreError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def filled(tmp_path: Path) -> Profile:
    profile = open_profile(f"{tmp_path / 'profile'}{os.sep}", demo=True)
    asyncio.run(fill(profile, PERSON))
    return profile


def copied(profile: Profile) -> Path:
    made = daily(profile.folder / FILE, NOW)
    assert made is not None
    return made


@pytest.mark.parametrize("asked", [False, True])
def test_copies_of_drafts_are_named_and_deleted_only_on_request(filled: Profile, asked: bool) -> None:
    copy = copied(filled)
    assert data_care.found(filled, PERSON["id"]).backups == (copy,)
    erased = data_care.erase_customer(filled, PERSON["id"], from_backups=asked)
    assert (erased.backups, erased.left) == (() if asked else (copy,), ())
    assert copy.exists() is not asked
    assert {name for name, _ in named_in(filled.folder, PERSON)} == (set() if asked else {f"backups/{copy.name}"})


def test_the_copy_of_an_erasure_is_of_the_others_only(filled: Profile) -> None:
    data_care.erase_customer(filled, PERSON["id"])
    copy = copied(filled)
    assert data_care.found(filled, OTHER["id"]).backups == (copy,)
    assert data_care.erase_customer(filled, OTHER["id"]).backups == (copy,)


@pytest.mark.parametrize("version", [1, 2])
def test_a_copy_that_says_only_the_id_is_named_and_deleted(filled: Profile, version: int) -> None:
    """A past order has nothing of its customer but the id; a copy from before a migration has no such table."""

    async def only_the_id() -> None:
        drafts = await Drafts.open(filled.folder, clock=SystemClock())
        for draft in await drafts.list(AGENT):
            await drafts.delete(AGENT, draft.id)
        saved = {"customer": {"id": PERSON["id"], "name": ""}, "lines": [{"itemId": "A1", "quantity": 1}]}
        await drafts.put(AGENT, "draft-later", saved)
        if version == 2:
            await drafts.delete(AGENT, "draft-later")
        await drafts.close()

    asyncio.run(only_the_id())
    with closing(sqlite3.connect(filled.folder / FILE)) as raw:
        raw.execute("VACUUM")
    copy = copied(filled)
    with pytest.raises(StoreError, match="customer-unknown"):
        data_care.found(filled, " ")
    if version == 1:
        with closing(sqlite3.connect(copy)) as raw:
            raw.execute("DROP TABLE past_lines")
    assert data_care.erase_customer(filled, PERSON["name"]).backups == (copy,)
    assert data_care.found(filled, PERSON["id"]).backups == (copy,)
    assert data_care.erase_customer(filled, PERSON["id"], from_backups=True).counts["backups"] == 1
    assert not copy.exists()


@pytest.mark.parametrize("named", ["id", "name", "account_num"])
def test_an_erased_customer_is_found_in_a_copy_of_the_drafts_alone(filled: Profile, named: str) -> None:
    async def whole() -> None:
        drafts = await Drafts.open(filled.folder, clock=SystemClock())
        customer = {"id": PERSON["id"], "name": PERSON["name"], "accountNum": PERSON["account_num"]}
        await drafts.put(AGENT, "draft-later", {"customer": customer})
        await drafts.close()

    asyncio.run(whole())
    copy = copied(filled)
    data_care.erase_customer(filled, PERSON["id"])
    left = data_care.found(filled, PERSON[named])
    assert (left.key, left.backups) == (PERSON["id"], (copy,))
    assert data_care.erase_customer(filled, PERSON[named], from_backups=True).counts["backups"] == 1
    assert named_in(filled.folder, PERSON) == []
    with pytest.raises(StoreError, match="customer-unknown"):
        data_care.found(filled, PERSON[named])
