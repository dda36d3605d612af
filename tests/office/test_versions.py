"""Members of different versions: an earlier one reads the tables of a later one, and does not write to them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from remote_rig import make_office

from archisync_gui.app.member import OfficeMember
from archisync_gui.app.office_panel import office_drafts
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.app.taking_part import taking_part
from archisync_gui.drafts import Drafts
from archisync_gui.entities import ENTITIES
from archisync_gui.model import Outcome, SyncFailure, SystemClock
from archisync_gui.office.membership import Membership
from archisync_gui.settings import Settings
from archisync_gui.store import Batch, Store, StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import on_a_server

pytestmark = on_a_server

WATCH = """
CREATE TABLE seen_writes (what text, by text);
CREATE FUNCTION see_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO seen_writes VALUES (TG_TABLE_NAME, current_setting('application_name'));
    RETURN NULL;
END $$;
"""


async def later(server: Server, folder: Path) -> None:
    """Make an office with a row that a later program has migrated. Triggers record every write to its tables."""
    await make_office(server, folder)
    store = await Store.join(Postgres(server), folder, ENTITIES, clock=SystemClock())
    row = {"id": "1", "item_id": "X1", "item_name": "Fresa", "price_group_name": "Listino", "unit_price": 1250}
    await store.apply("prices", "", Batch("run-1", SystemClock().now(), [row], True, True))
    await store.close()
    drafts = await Drafts.join(Postgres(server), clock=SystemClock())
    await drafts.close()
    with server.connect("tests", autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("ALTER TABLE prices ADD COLUMN invented_later text")
        tables = connection.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                                    "current_schema()::regnamespace").fetchall()  # fmt: skip
        connection.execute(WATCH)
        for (table,) in tables:
            connection.execute(
                f'CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}" '
                "EXECUTE FUNCTION see_write()"
            )


def written(server: Server) -> list[tuple[str, str]]:
    with server.connect("tests", autocommit=True) as connection:
        return connection.execute("SELECT DISTINCT what, by FROM seen_writes").fetchall()


async def earlier_member(stack: AsyncExitStack, server: Server, folder: Path) -> OfficeMember:
    profile = open_profile(str(folder), demo=False)
    lock = ProfileLock(profile)
    assert lock.acquire()
    stack.callback(lock.release)
    own = Settings().with_({"erp.url": "https://erp.example.test/", "erp.accounts": ["agente01"]})
    own.save(profile.settings_file)
    return await stack.enter_async_context(taking_part(profile, None, Membership(server.url), server))


async def test_an_earlier_member_reads_and_never_writes(office: Server, tmp_path: Path) -> None:
    await later(office, tmp_path / "made")
    refused: list[SyncFailure] = []
    async with AsyncExitStack() as stack:
        member = await earlier_member(stack, office, tmp_path / "one")
        assert [trouble.code for trouble in member.troubles] == ["office-newer"]
        member.orchestrator.refused = refused.append
        page = await member.store.rows("prices", "")
        assert [row.values["item_name"] for row in page.rows] == ["Fresa"]
        assert member.core is None
        # All requests are refused with the reason.
        ticket = member.orchestrator.request_sync("prices")
        async with asyncio.timeout(30):
            result = await ticket
        assert result.outcome is Outcome.FAILED
        assert result.error is not None
        assert result.error.code == "office-newer"
        member.orchestrator.hold()
        async with asyncio.timeout(30):
            while len(refused) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert {error.code for error in refused} == {"office-newer"}
        assert member.orchestrator.get_status().hold_since is None
        with pytest.raises(StoreError, match="office-newer"):
            await member.apply_settings({"sync.orders.interval": 15})
        await member.apply_settings({"look.theme": "dark"})
        assert member.settings.text("look.theme") == "dark"
        # Drafts stay on this computer until it is updated.
        drafts = await office_drafts(member, [])
        await drafts.put("agente01", "a", {"lines": []})
        await drafts.close()
    assert written(office) == []
    own = await Drafts.open(tmp_path / "one", clock=SystemClock())
    assert [draft.id for draft in await own.list("agente01")] == ["a"]
    await own.close()


async def test_an_earlier_program_does_not_join(office: Server, tmp_path: Path) -> None:
    await later(office, tmp_path / "made")
    with pytest.raises(StoreError, match="newer-schema"):
        await Store.join(Postgres(office), tmp_path / "one", ENTITIES, clock=SystemClock())
    with pytest.raises(StoreError, match="newer-schema"):
        await Store.outdated(Postgres(office), ENTITIES)
    assert written(office) == []
