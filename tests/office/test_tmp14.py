from __future__ import annotations
import asyncio, signal, sys
import pytest
from members import Process, leader_of, start
from test_leadership import made, members  # noqa
from tests.support.postgres import on_a_server
pytestmark = on_a_server
import members as M

async def test_x(made, members):
    M.PATIENCE = 25.0
    members += [await start(made, "one"), await start(made, "two")]
    first = await leader_of(members)
    first.send(signal.SIGSTOP)
    try:
        second = await leader_of(members, besides=first)
    except TimeoutError:
        out = open("/tmp/t14/dump", "a")
        print([(m.name, m.epochs, m.process.returncode) for m in members], file=out)
        for i in range(3):
            with made.connect("tests", autocommit=True) as c:
                for row in c.execute("select pid, application_name, state, wait_event_type, wait_event, now()-state_change, now()-query_start, query, pg_blocking_pids(pid) from pg_stat_activity where usename=current_user").fetchall(): print(row, file=out)
                for row in c.execute("select locktype, relation::regclass, objid, pid, mode, granted from pg_locks where locktype in ('advisory','tuple','transactionid') or not granted").fetchall(): print(row, file=out)
                print(c.execute("select * from leader").fetchall(), file=out)
                print(c.execute("select *, now() from members").fetchall(), file=out)
                print(c.execute("select count(*), max(at), now() from audit").fetchall(), file=out)
            await asyncio.sleep(1)
        out.close()
        raise
    first.send(signal.SIGCONT)
    await first.end(); await second.end()
