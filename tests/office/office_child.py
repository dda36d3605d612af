"""A program that the office's tests start: a member that writes without end while it leads.

Each write is one row of ``audit`` under the epoch that the member believes to have. It prints a JSON line when its
leadership changes. SIGTERM ends it cleanly.
"""

import asyncio
import json
import secrets
import signal
import sys
import threading

import sqlalchemy as sa

from archisync_gui.office.leadership import Leadership, Member
from archisync_gui.store.errors import Abandoned, StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server

INSERT = sa.text("INSERT INTO audit (epoch, member) VALUES (:epoch, :member)")


async def main(url: str, name: str) -> None:
    server = Server.from_url(url)
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, done.set)
    printing = threading.Lock()

    def changed(epoch: int | None) -> None:
        with printing:
            print(json.dumps({"epoch": epoch}), flush=True)

    leadership = Leadership(server, Member(secrets.token_hex(8), name, "test"), changed=changed)
    database = Postgres(server, fence=leadership)
    leadership.start()
    while not done.is_set():
        # The epoch is kept for some writes, as in a run: the fence has to refuse those after its end.
        epoch = leadership.epoch
        if epoch is not None:
            values = {"epoch": epoch, "member": name}
            try:
                for _ in range(5):
                    await database.write(lambda connection, values=values: connection.execute(INSERT, values))  # type: ignore[misc]
            except (StoreError, Abandoned):
                pass
        await asyncio.sleep(0.05)
    await database.close()
    await asyncio.to_thread(leadership.stop)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
