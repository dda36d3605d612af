"""A program that syncs one list from a demo ERP repeatedly until it is killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from archisync_gui.entities import ENTITIES
from archisync_gui.erp import Erp
from archisync_gui.model import SystemClock
from archisync_gui.store import Store
from archisync_gui.syncs import SyncRunner
from tests.syncs.erp_harness import QUICK, SAVED_VIEWS, Control, Origin, Run, Scope


async def main(folder: Path, base: str, name: str) -> None:
    async def password(_: str) -> str:
        return "demo"

    clock = SystemClock()
    (entity,) = (each for each in ENTITIES if each.name == name)
    store = await Store.open(folder, [entity], clock=clock)
    erp = Erp(address=lambda: base, password=password, clock=clock, limits=QUICK, saved_views=folder / SAVED_VIEWS)
    sync = SyncRunner(store, erp, [entity], page_size=20)
    number = 0
    while True:
        number += 1
        await sync(Control(Run(f"{clock.now()}", name, "agente01", Scope.ALL, None, Origin.OPERATOR, 1, 1)))
        print(number, flush=True)


asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
