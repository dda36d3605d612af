"""The page of one list in the browser: its last known state, and calls of its grid. Reads are in ``list_view``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.cells.words import Learned
from archisync_gui.erp.driver.page_driver import Act, Look, PageDriver, at_erp
from archisync_gui.erp.driver.session import Limits
from archisync_gui.erp.failures import Navigated, SuspendHere, layout, transient
from archisync_gui.erp.lists.filters import State
from archisync_gui.model import Clock, warning


class ListPage:
    """A list's page: its last known state, and calls of its grid."""

    def __init__(self, driver: PageDriver, entity: Entity, fields: Sequence[str], limits: Limits, clock: Clock) -> None:
        self.driver = driver
        self.entity = entity
        self.fields = tuple(fields)
        """The fields wanted of each row."""
        self.limits = limits
        self.warnings: list[str] = []
        self.stop: Callable[[], bool] = lambda: False
        """Called before each call of the ERP; if it returns True, :class:`SuspendHere` is raised."""
        self.state: State = {}
        """The state that the page returned last."""
        self.state_is_old = True
        """True: a call of the ERP was made since :attr:`state` was read."""
        self.sorted_by: str | None = None
        """The field of the driver's last sort, or of a sort that an earlier visit may have left behind. The state may
        not show a sort by a hidden column (``docs/erp.md``, View state)."""
        self._clock = clock
        self.since = clock.now()
        """When the last call of the ERP began."""

    async def ready(self) -> None:
        """Wait until the page shows its grid and nothing is in a callback."""
        self.state_is_old = True
        for _ in range(3):
            try:
                await self.check_page()
                answer = await self.driver.look(Look.READY, self.limits.callback, step="open")
            except Navigated:
                continue
            if not answer["grid"]:
                raise layout("no-grid", path=self.entity.path)
            if not answer["quiet"]:
                raise transient("erp-never-idle", step="open")
            return
        raise transient("erp-navigates", path=self.entity.path)

    async def look(self) -> State:
        """Ask the page for the state of the list. Raises as :meth:`check_position`."""
        self.state = await self.driver.look(Look.STATE)
        self.check_position(self.state)
        self.state_is_old = False
        return self.state

    def check_position(self, found: Mapping[str, Any]) -> None:
        """Raise ``grid-no-pages`` if a state or a page of the list has no page numbers."""
        if found["index"] is None or found["count"] is None:
            raise layout("grid-no-pages", list=self.entity.name)

    @property
    def has_settled(self) -> bool:
        """Whether every call of the ERP has ended, and the state was read after it."""
        return not self.state_is_old

    async def current_state(self) -> State:
        """The state of the list; the page is asked only if a call of the ERP was made since the last time."""
        return await self.look() if self.state_is_old else self.state

    async def load_again(self) -> State:
        """Load the list's page again and read its state: it shows the view that the server has stored (``docs/erp.md``,
        View state)."""
        self.safe_point()
        at_erp(await self.driver.go(self.entity.path, self.limits.open), self.entity.path)
        await self.ready()
        return await self.look()

    @property
    def words(self) -> Learned:
        """The enum words in the lists of the page's filter row, with their language-free values."""
        return {field: [(value, word) for value, word in items] for field, items in self.state["words"].items()}

    @property
    def version(self) -> str:
        """The ERP's version, from the page's footer; empty: not found."""
        return str(self.state.get("version") or "")

    def warn(self, code: str, **params: str | int) -> None:
        """Add a warning to this read, unless it has the same one already."""
        text = warning(code, list=self.entity.name, **params)
        if text not in self.warnings:
            self.warnings.append(text)

    async def act(self, act: Act, **arguments: Any) -> None:
        """Make one call of the grid and wait for its end. Raises as :meth:`check_position`."""
        self.begin(act, arguments)
        try:
            state = await self.driver.act(act, self.limits.callback, **arguments)
        except Navigated:
            await self.check_page()
            raise
        self.check_position(state)
        self.state, self.state_is_old = state, False

    def begin(self, act: Act | None = None, arguments: Mapping[str, Any] = MappingProxyType({})) -> datetime:
        """Note that a call of the ERP begins: the data are current as of now. Raises as :meth:`safe_point`."""
        self.safe_point()
        if act is Act.SORT:
            self.sorted_by = None if arguments["order"] == "NONE" else str(arguments["field"])
        self.state_is_old = True
        self.since = self._clock.now()
        return self.since

    def safe_point(self) -> None:
        """Raise :class:`SuspendHere` if the run is to be suspended."""
        if self.stop():
            raise SuspendHere

    async def check_page(self) -> None:
        """After a navigation: wait until the page is loaded, and raise as :func:`at_erp` if it is not the list's."""
        at_erp(await self.driver.arrived(self.limits.open), self.entity.path)
