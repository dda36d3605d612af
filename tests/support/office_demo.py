"""A demo office: N members in one terminal, on a temporary PostgreSQL server and one demo ERP.

    python3 packaging/bootstrap.py run --office-demo 3

Each line of output names its member. Kill the member that reads the ERP (its process id is shown), and another one
takes over. Ctrl-C ends all processes and removes their files.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from archisync_gui.app.profile import open_profile
from archisync_gui.demo_erp import DemoErp
from archisync_gui.entities import ENTITIES
from archisync_gui.model import SystemClock
from archisync_gui.office.membership import Membership, keep
from archisync_gui.settings import Settings
from archisync_gui.store import Store
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import PASSWORD, Cluster, programs

ACCOUNT = "agente01"


async def member(number: int, folder: Path, server: Server, erp: DemoErp) -> asyncio.subprocess.Process:
    """Make the profile of a member and start it."""
    profile = open_profile(str(folder / f"pc{number}"), demo=False)
    settings = {"erp.url": erp.base_url, "erp.accounts": [ACCOUNT], "look.first_run_done": True}
    Settings().with_(settings).save(profile.settings_file)
    keep(profile.folder, Membership(server.url))
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "archisync_gui", "office", "run", "--profile", str(profile.folder)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "ARCHISYNC_OFFICE_PASSWORD": PASSWORD, "ARCHISYNC_PASSWORD": erp.accounts[ACCOUNT]},
        start_new_session=True,  # Ctrl-C is for this process, which ends them in order
    )


async def show(number: int, process: asyncio.subprocess.Process) -> None:
    """Print a member's output until it ends."""
    assert process.stdout is not None
    async for line in process.stdout:
        print(f"[pc{number}, process {process.pid}] {line.decode().rstrip()}", flush=True)
    await process.wait()
    print(f"[pc{number}] ended", flush=True)


async def run(count: int) -> int:
    """Run the office until Ctrl-C."""
    found = programs()
    if found is None:
        print("no PostgreSQL server is installed (Debian: sudo apt install postgresql)", file=sys.stderr)
        return 1
    done = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="archisync-office-")))
        cluster = await asyncio.to_thread(Cluster, found)
        stack.push_async_callback(asyncio.to_thread, cluster.stop)
        server = cluster.office("archisync")
        store = await Store.join(Postgres(server), folder / "made", ENTITIES, clock=SystemClock())
        await store.close()
        erp = DemoErp(latency="real")
        await erp.start()
        stack.push_async_callback(erp.stop)
        print(f"demo ERP: {erp.base_url}\noffice: {server.url}", flush=True)
        processes = [await member(number, folder, server, erp) for number in range(1, count + 1)]
        shows = [asyncio.ensure_future(show(number, process)) for number, process in enumerate(processes, 1)]
        await done.wait()
        print("ending", flush=True)
        for process in processes:
            with suppress(ProcessLookupError):
                process.terminate()
        await asyncio.gather(*shows)
    return 0


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else "3"
    if not wanted.isdigit() or not 1 <= int(wanted) <= 10:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(asyncio.run(run(int(wanted))))
