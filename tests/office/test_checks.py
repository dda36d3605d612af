"""What is looked at before an office is made or joined."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archisync_gui.model import SystemClock
from archisync_gui.office.checks import OLDEST, look, refuse_unfit
from archisync_gui.office.leadership import Leadership, Member
from archisync_gui.store import Store, StoreError
from archisync_gui.store.postgres import Postgres, Server
from tests.support.postgres import PASSWORD, Offices, free_port, on_a_server

pytestmark = on_a_server


async def test_who_leads_and_who_takes_part_is_told_by_their_locks(office: Server, tmp_path: Path) -> None:
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
    assert (seen.leader, seen.members, seen.epoch) == ("pc1", ("pc1", "pc2"), 1)
    await asyncio.to_thread(first.stop)
    await asyncio.to_thread(second.stop)
    seen = look(office)
    assert (seen.leader, seen.members, seen.epoch) == (None, (), 1)


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
        pytest.skip("PgBouncer is not installed (Debian: pgbouncer)")
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
