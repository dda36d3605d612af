"""One customer's data: customers of whom no list says anything any more, and what an erasing that fails leaves."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from care_samples import (
    AGENT,
    OTHER,
    PERSON,
    PLACES,
    START,
    fill,
    in_its_place,
    living,
    named_in,
    opened_drafts,
    opened_store,
    row,
)

from archisync_gui.app import data_backups, data_care
from archisync_gui.app.life import Life
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.messages import text
from archisync_gui.store import Batch, RefusedKind, StoreError, personal
from archisync_gui.store.personal import Holding
from archisync_gui.ui.text.i18n import language


@pytest.fixture
def profile(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Profile:
    return in_its_place(open_profile(f"{tmp_path / 'profile'}{os.sep}", demo=True), request, monkeypatch)


in_both = pytest.mark.parametrize("profile", PLACES, indirect=True)
"""For tests of a single computer and of a member of an office."""


async def read(profile: Profile, name: str, *rows: dict[str, Any], day: int = 0) -> None:
    """Apply a whole read of a list."""
    async with opened_store(profile) as store:
        at = START + timedelta(days=day)
        await store.apply(name, AGENT, Batch(f"{name}-{day}", at, rows, whole=True, clean=True))


async def cleared(profile: Profile) -> None:
    """Clear the list of customers, and delete the backup that this makes."""
    async with opened_store(profile) as store:
        await store.clear("customers", AGENT)
    for made in (profile.folder / "backups").iterdir():
        made.unlink()


async def only_the_other(profile: Profile) -> None:
    await read(profile, "customers", row("customers", OTHER["id"], **OTHER))


async def draft(profile: Profile, name: str, customer: dict[str, str], **more: Any) -> None:
    async with opened_drafts(profile) as drafts:
        lines = [{"itemId": "A1", "name": "Borsa Sport", "quantity": 1}]
        await drafts.put(AGENT, name, {"customer": customer, "lines": lines, **more})


async def drafts_left(profile: Profile) -> list[str]:
    async with opened_drafts(profile) as drafts:
        return sorted(draft.id for draft in await drafts.list(AGENT))


async def past_of(profile: Profile, customer: str) -> int:
    async with opened_drafts(profile) as drafts:
        return len((await drafts.past(AGENT, customer)).lines)


# ------------------------------------------------------------------------------------------- known from what was typed


@in_both
@pytest.mark.parametrize("wanted", ["id", "name"])
def test_a_draft_that_a_browser_hands_in_after_the_erasing_is_exported_and_erased(
    profile: Profile, wanted: str, tmp_path: Path
) -> None:
    """As the manual says: erase, then open the form once in that browser."""
    asyncio.run(only_the_other(profile))
    asyncio.run(draft(profile, "late", {"id": PERSON["id"], "name": PERSON["name"]}))
    asyncio.run(draft(profile, "other", {"id": OTHER["id"], "name": OTHER["name"]}))
    typed = PERSON[wanted]
    holding = data_care.found(profile, typed)
    assert (holding.asked, holding.counts) == (typed, {"drafts": 1, "past_orders": 1})
    assert data_care.export_customer(profile, typed, tmp_path / "c.zip", "en") == holding.counts
    erased = data_care.erase_customer(profile, typed)
    assert (erased.counts, erased.by_number, erased.only_here) == (holding.counts, True, False)
    assert asyncio.run(drafts_left(profile)) == ["other"]
    assert asyncio.run(past_of(profile, PERSON["id"])) == 0
    assert asyncio.run(past_of(profile, OTHER["id"])) == 1


@in_both
def test_a_customer_who_is_only_in_the_change_log_is_found(profile: Profile, tmp_path: Path) -> None:
    person, other = (row("customers", p["id"], **p) for p in (PERSON, OTHER))
    asyncio.run(read(profile, "customers", person, other))
    asyncio.run(read(profile, "customers", person | {"phone": "+39 0543 998877"}, other, day=1))

    asyncio.run(cleared(profile))
    asyncio.run(read(profile, "customers", other, day=2))
    assert data_care.found(profile, PERSON["id"]).counts["changes"] >= 1
    assert data_care.export_customer(profile, PERSON["id"], tmp_path / "c.zip", "en")["changes"] >= 1
    assert data_care.erase_customer(profile, PERSON["id"]).counts["changes"] >= 1
    assert "998877" not in str(named_in(profile.folder, {**PERSON, "phone": "998877"}))


@in_both
def test_a_customer_who_is_only_in_a_refused_read_is_found(profile: Profile) -> None:
    asyncio.run(only_the_other(profile))

    async def keep() -> None:
        async with opened_store(profile) as store:
            batch = Batch("kept", START, [row("customers", PERSON["id"], **PERSON)], whole=True, clean=True)
            await store.keep_refused("customers", AGENT, batch, RefusedKind.SHRINK)

    asyncio.run(keep())
    for typed in (PERSON["vat_number"], PERSON["name"].upper(), PERSON["id"]):
        assert data_care.found(profile, typed).counts == {"kept_reads": 1}
    assert data_care.erase_customer(profile, PERSON["id"]).counts == {"kept_reads": 1}


def test_a_customer_who_is_only_in_the_log_is_found(profile: Profile) -> None:
    asyncio.run(only_the_other(profile))
    profile.log_file.parent.mkdir(parents=True, exist_ok=True)
    profile.log_file.write_text(f"row of {PERSON['name']} unreadable\n", "utf-8")
    assert data_care.found(profile, PERSON["name"]).counts == {"log": 1}
    erased = data_care.erase_customer(profile, PERSON["name"])
    assert (erased.counts, profile.log_file.read_text("utf-8")) == ({"log": 1}, "row of […] unreadable\n")
    assert str(text("data-by-number", "en")) in data_care.erased_text(erased, "en")


@in_both
def test_a_name_that_only_the_orders_have_is_that_of_their_customer(profile: Profile) -> None:
    """Else the name would be taken out of the orders, and the orders would stay."""
    asyncio.run(only_the_other(profile))
    mine = row("orders", "71", customer_account=PERSON["account_num"], customer_name=PERSON["name"])
    theirs = row("orders", "72", customer_account=OTHER["account_num"], customer_name="Ferramenta di prima")
    asyncio.run(read(profile, "orders", mine, theirs))
    assert data_care.erase_customer(profile, PERSON["name"].upper()).counts == {"orders": 1}
    assert named_in(profile.folder, PERSON) == []
    with pytest.raises(StoreError) as caught:  # the former name of a customer who is in the list
        data_care.erase_customer(profile, "ferramenta di prima")
    assert caught.value.code == "customer-several"
    assert f"{OTHER['name']} ({OTHER['id']})" in caught.value.params["found"]
    assert [r.key for r in living(profile)["orders"]] == ["72"]


@in_both
def test_what_was_typed_takes_no_draft_of_another_customer_away(profile: Profile) -> None:
    """A part of a number or a common word that is in other customers' drafts."""
    asyncio.run(only_the_other(profile))
    asyncio.run(draft(profile, "other", {"id": OTHER["id"], "city": "Forli"}, note="a Forlì"))
    asyncio.run(draft(profile, "late", {"id": PERSON["id"], "name": "Sport"}, note="a Forlì"))
    for typed in ("forlì", "Sport", OTHER["account_num"][:4], OTHER["id"][:4]):
        with suppress(StoreError):
            data_care.erase_customer(profile, typed)
    assert asyncio.run(drafts_left(profile)) == ["other"]
    assert asyncio.run(past_of(profile, OTHER["id"])) == 1
    assert [r.key for r in living(profile)["customers"]] == [OTHER["id"]]


async def backed_up(profile: Profile) -> Path:
    async with opened_store(profile) as store:
        return await store.backup("operator")


def test_what_was_typed_deletes_no_backup_that_merely_contains_the_text(profile: Profile) -> None:
    asyncio.run(only_the_other(profile))
    backup = asyncio.run(backed_up(profile))
    profile.log_file.parent.mkdir(parents=True, exist_ok=True)
    profile.log_file.write_text("INFO page 5012 read\n", "utf-8")
    assert OTHER["id"].startswith("5012")
    erased = data_care.erase_customer(profile, "5012", from_backups=True)
    assert (erased.counts, erased.backups, backup.exists()) == ({"log": 1}, (), True)
    assert backup in erased.left


def test_a_backup_that_has_the_typed_customer_only_in_its_change_log_is_deleted(profile: Profile) -> None:
    person, other = (row("customers", p["id"], **p) for p in (PERSON, OTHER))
    asyncio.run(read(profile, "customers", person, other))
    asyncio.run(read(profile, "customers", person | {"name": "Trattoria Nuova"}, other, day=1))
    asyncio.run(read(profile, "customers", person, other, day=2))

    asyncio.run(cleared(profile))
    asyncio.run(read(profile, "customers", other, day=3))
    backup = asyncio.run(backed_up(profile))
    data_care.erase_customer(profile, "Trattoria Nuova")
    assert data_care.found(profile, "Trattoria Nuova").backups == (backup,)
    assert data_care.erase_customer(profile, "Trattoria Nuova", from_backups=True).counts == {"backups": 1}
    with pytest.raises(StoreError, match="customer-unknown"):
        data_care.erase_customer(profile, "Trattoria Nuova")


# ------------------------------------------------------------------------------------------- another customer's data


@in_both
def test_the_customer_that_was_shown_is_exported_and_erased_or_nobody(profile: Profile, tmp_path: Path) -> None:
    """While the dialog was open, a read gave another customer the name that was typed."""
    person, other = (row("customers", p["id"], **p) for p in (PERSON, OTHER))
    asyncio.run(read(profile, "customers", person, other))
    shown = data_care.found(profile, PERSON["name"])
    renamed = [person | {"name": "Locanda Nuova"}, other | {"name": PERSON["name"]}]
    asyncio.run(read(profile, "customers", *renamed, day=1))
    with pytest.raises(StoreError, match="customer-changed"):
        data_care.export_customer(profile, shown.asked, tmp_path / "c.zip", "en", shown.key)
    assert not (tmp_path / "c.zip").exists()
    with pytest.raises(StoreError, match="customer-changed"):
        data_care.erase_customer(profile, shown.asked, shown.key, from_backups=True)
    assert len(living(profile)["customers"]) == 2


@in_both
def test_a_customer_whom_only_a_backup_has_takes_nothing_from_the_one_with_the_same_number_now(
    profile: Profile,
) -> None:
    asyncio.run(read(profile, "customers", row("customers", PERSON["id"], **PERSON)))
    backup = asyncio.run(backed_up(profile))

    async def clear() -> None:
        async with opened_store(profile) as store:
            await store.clear("customers", AGENT)

    asyncio.run(clear())
    heir = OTHER | {"account_num": PERSON["account_num"], "phone": PERSON["phone"]}
    order = row("orders", "72", customer_account=heir["account_num"], customer_name=heir["name"])
    order |= {"internal_note": f"tel. {heir['phone']}"}
    asyncio.run(read(profile, "customers", row("customers", heir["id"], **heir), day=1))
    asyncio.run(read(profile, "orders", order, day=1))
    for made in (profile.folder / "backups").iterdir():
        if made != backup:
            made.unlink()
    assert data_care.found(profile, PERSON["name"]).key == PERSON["id"]
    data_care.erase_customer(profile, PERSON["name"], from_backups=True)
    assert not backup.exists()
    (kept,) = living(profile)["orders"]
    assert kept.values["internal_note"] == f"tel. {heir['phone']}"


def test_a_namesake_whom_a_backup_has_is_not_taken_for_the_customer(profile: Profile) -> None:
    asyncio.run(read(profile, "customers", row("customers", PERSON["id"], **PERSON)))

    async def clear() -> None:
        async with opened_store(profile) as store:
            await store.backup("operator")
            await store.clear("customers", AGENT)

    asyncio.run(clear())
    asyncio.run(read(profile, "customers", row("customers", OTHER["id"], **OTHER), day=1))
    about = row("orders", "72", customer_account=OTHER["account_num"], internal_note=f"tel. {PERSON['phone']}")
    namesake = row("orders", "73", customer_account="1003000", customer_name=PERSON["name"])
    asyncio.run(read(profile, "orders", about, namesake))
    erased = data_care.erase_customer(profile, PERSON["name"])
    assert (erased.counts["orders"], erased.by_number) == (1, True)
    assert living(profile)["orders"][0].values["internal_note"] == about["internal_note"]


# ------------------------------------------------------------------------------------------- an erasing that fails


@pytest.fixture
def filled(profile: Profile) -> Profile:
    asyncio.run(fill(profile, PERSON))
    return profile


def test_the_backups_stay_when_the_archive_cannot_be_written(filled: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = asyncio.run(backed_up(filled))

    def full(*_: object) -> dict[str, int]:
        raise OSError(28, "No space left on device", str(filled.folder))

    with monkeypatch.context() as patch:
        patch.setattr(personal, "put_in_place", full)
        with pytest.raises((OSError, StoreError)):
            data_care.erase_customer(filled, PERSON["id"], from_backups=True)
    assert backup.exists()
    data_care.erase_customer(filled, PERSON["id"], from_backups=True)
    assert named_in(filled.folder, PERSON) == []


def test_a_draft_that_alone_says_the_id_stays_when_the_archive_cannot_be_written(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the repeated erasing would not find what only the id says."""
    asyncio.run(only_the_other(profile))
    order = row("orders", "71", customer_account=PERSON["account_num"], customer_name=PERSON["name"])
    asyncio.run(read(profile, "orders", order))
    asyncio.run(draft(profile, "mine", {"id": PERSON["id"], "name": PERSON["name"]}))

    def full(*_: object) -> dict[str, int]:
        raise OSError(28, "No space left on device", str(profile.folder))

    with monkeypatch.context() as patch:
        patch.setattr(personal, "erase", full)
        with pytest.raises((OSError, StoreError)):
            data_care.erase_customer(profile, PERSON["account_num"])
    assert asyncio.run(drafts_left(profile)) == ["mine"]
    erased = data_care.erase_customer(profile, PERSON["account_num"])
    assert (erased.by_number, erased.counts) == (False, {"orders": 1, "drafts": 1, "past_orders": 1})


def test_the_panel_changes_nothing_when_the_archive_is_damaged(filled: Profile) -> None:
    backup = asyncio.run(backed_up(filled))
    with closing(sqlite3.connect(filled.folder / "archisync.db")) as raw:
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
        (size,) = raw.execute("PRAGMA page_size").fetchone()
    with (filled.folder / "archisync.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    before = filled.log_file.read_text("utf-8")
    life = Life(filled, None, asyncio.Event())
    life.erase(Holding(PERSON["id"], "", {}, (), PERSON["id"]), True)
    assert life.between is not None
    said, tone = asyncio.run(life.between())
    assert (said.partition(".")[0], tone) != ("", "ok")
    assert backup.exists()
    assert list(filled.screenshots.iterdir())
    assert filled.log_file.read_text("utf-8") == before
    assert asyncio.run(drafts_left(filled)) == ["draft-about", "draft-mine", "draft-other"]
    assert text("data-erased", language(), {"counts": "0"}).what.partition(":")[0] not in said


def test_a_backup_that_cannot_be_deleted_is_named_after_the_erasing(
    filled: Profile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """On Windows another program may have it open; the archive has changed by then."""
    backup = asyncio.run(backed_up(filled))
    real = data_backups.remove_file

    def held(path: Path) -> None:
        if path == backup:
            raise PermissionError(13, "Permission denied", str(path))
        real(path)

    monkeypatch.setattr(data_backups, "remove_file", held)
    with caplog.at_level(logging.WARNING):
        erased = data_care.erase_customer(filled, PERSON["id"], from_backups=True)
    assert erased.counts["customers"] == 1
    assert erased.backups == (backup,)
    assert backup.name in caplog.text


def test_past_orders_that_may_be_left_are_said_where_the_id_is_unknown() -> None:
    assert "past orders" in str(text("data-by-number", "en"))
    assert "ordini passati" in str(text("data-by-number", "it"))
