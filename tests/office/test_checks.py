"""The checks before an office is made or joined."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from members import Candidate

from archisync_gui.model import SystemClock
from archisync_gui.office.checks import OLDEST, look, refuse_unfit
from archisync_gui.office.leadership import Leadership, Member
from archisync_gui.store import Store, StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.support.ports import free_port
from tests.support.postgres import PASSWORD, Offices, on_a_server

pytestmark = on_a_server


async def test_leader_and_members_are_found_by_their_locks(office: Server, tmp_path: Path) -> None:
    assert not look(office).exists
    store = await Store.join(Postgres(office), tmp_path, [], clock=SystemClock())
    await store.close()
    assert look(office).members == ()
    loop = asyncio.get_running_loop()
    turned = asyncio.Event()
    first = Leadership(office, Member("a" * 16, "pc1", "1"), changed=lambda _: loop.call_soon_threadsafe(turned.set))
    first.start()
    async with asyncio.timeout(30):
        await turned.wait()
    second = Leadership(office, Member("b" * 16, "pc2", "1"), changed=lambda _: None, may_lead=False)
    second.start()
    async with asyncio.timeout(30):
        while len((seen := look(office)).members) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (seen.leader, seen.epoch) == ("pc1", 1)
    assert [(one.name, one.version, one.leads) for one in seen.members] == [("pc1", "1", True), ("pc2", "1", False)]
    assert seen.since is not None
    assert all(abs((one.since - seen.since).total_seconds()) < 60 for one in seen.members)
    assert seen.room
    await asyncio.to_thread(first.stop)
    await asyncio.to_thread(second.stop)
    seen = look(office)
    assert (seen.leader, seen.since, seen.members, seen.epoch) == (None, None, (), 1)


async def test_a_role_without_rights_is_refused_before_anything_is_done(
    office: Server, offices: Offices, tmp_path: Path
) -> None:
    store = await Store.join(Postgres(office), tmp_path, [], clock=SystemClock())
    await store.close()
    admin = replace(office, user="admin")
    stranger = replace(office, user=f"stranger_{office.schema}")

    def grant(words: str) -> None:
        with admin.connect("tests", autocommit=True) as connection:
            connection.execute(words.format(who=stranger.user, schema=f'"{office.schema}"'))

    grant(f"CREATE ROLE {{who}} LOGIN PASSWORD '{PASSWORD}'")
    try:
        with pytest.raises(StoreError, match="office-not-allowed") as refused:
            look(stranger)
        assert f"no USAGE on schema {office.schema}" in str(refused.value.params["detail"])
        grant("GRANT USAGE ON SCHEMA {schema} TO {who}")
        grant("GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {who}")
        with pytest.raises(StoreError, match="office-not-allowed"):
            look(stranger)
        with pytest.raises(StoreError, match="office-not-allowed"):  # also without a check before
            await Store.join(Postgres(replace(stranger, schema="elsewhere")), tmp_path, [], clock=SystemClock())
        assert offices.cluster.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'elsewhere'", "office") == []
        # A member whose rights were removed later reports it and does not lead.
        epochs: list[int | None] = []
        member = Leadership(stranger, Member("c" * 16, "pc3", "1"), changed=epochs.append)
        member.start()
        async with asyncio.timeout(30):
            while member.trouble is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.to_thread(member.stop)
        assert (member.trouble, epochs) == ("office-not-allowed", [])
    finally:
        grant("DROP OWNED BY {who}")
        grant("DROP ROLE {who}")


async def test_the_limit_of_connections_is_checked_before_and_reported_when_it_is_reached(
    office: Server, offices: Offices, tmp_path: Path
) -> None:
    store = await Store.join(Postgres(office), tmp_path, [], clock=SystemClock())
    await store.close()
    few = replace(office, user=f"few_{office.schema}")
    stack = ExitStack()
    offices.cluster.sql(f"CREATE ROLE {few.user} LOGIN PASSWORD '{PASSWORD}' IN ROLE office CONNECTION LIMIT 2")
    try:
        seen = look(few)
        assert (seen.free, seen.room) == (1, False)  # the check itself uses one of the two
        for _ in range(2):
            stack.enter_context(few.connect("held", autocommit=True))
        with pytest.raises(StoreError, match="office-full"):
            look(few)
        member = Candidate(few, "d", "pc4")
        member.leadership.start()
        try:
            async with asyncio.timeout(30):
                while member.leadership.trouble is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                assert (member.leadership.trouble, member.epochs) == ("office-full", [])
                stack.close()
                await member.turned.wait()  # the member retries
            assert member.epochs == [1]
        finally:
            await member.stop()
    finally:
        stack.close()
        offices.cluster.sql(f"DROP OWNED BY {few.user}", "office")
        offices.cluster.sql(f"DROP ROLE {few.user}")


def test_an_old_server_is_refused(office: Server) -> None:
    class Old:
        class info:
            server_version = OLDEST - 1

    with pytest.raises(StoreError, match="office-old-server"):
        refuse_unfit(Old(), office)  # type: ignore[arg-type]


@pytest.fixture(params=["transaction", "session"])
def pooled(request: pytest.FixtureRequest, office: Server, offices: Offices) -> Iterator[Server]:
    """The office behind PgBouncer."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not Path(program).exists():
        pytest.skip("needs Linux with PgBouncer (Debian: pgbouncer)")
    cluster, port = offices.cluster, free_port()
    folder = cluster.folder / f"pool{port}"
    folder.mkdir()
    (folder / "users").write_text(f'"office" "{PASSWORD}"\n', "utf-8")
    (folder / "conf").write_text(
        f"[databases]\n* = host=127.0.0.1 port={cluster.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = plain\nauth_file = {folder}/users\n"
        f"pool_mode = {request.param}\n",
        "utf-8",
    )
    user = cluster.user
    running = subprocess.Popen([program, "-q", str(folder / "conf")], user=user, stderr=subprocess.DEVNULL)
    try:
        server = replace(office, port=port)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                server.connect("probe").close()
                break
            except Exception as error:
                if "refused" not in str(error):
                    break
                time.sleep(0.05)
        yield server
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder)


def test_a_pooler_is_refused(pooled: Server) -> None:
    with pytest.raises(StoreError, match="office-pooler"):
        look(pooled)
