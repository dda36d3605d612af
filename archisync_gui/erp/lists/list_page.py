"""The page of one list in the browser: what it told last, and calls of its grid. Reads are in ``list_view``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.cells.words import Learned
from archisync_gui.erp.driver.page_driver import Act, Look, PageDriver, at_erp
from archisync_gui.erp.driver.session import Limits
from archisync_gui.erp.failures import Navigated, SuspendHere, layout, transient
from archisync_gui.erp.lists.filters import State
from archisync_gui.model import Clock, warning


class ListPage:
    """What a list's page told last, and calls of its grid."""

    def __init__(self, driver: PageDriver, entity: Entity, fields: Sequence[str], limits: Limits, clock: Clock) -> None:
        self.driver = driver
        self.entity = entity
        self.fields = tuple(fields)
        """What is wanted of each row."""
        self.limits = limits
        self.warnings: list[str] = []
        self.stop: Callable[[], bool] = lambda: False
        """Asked before each call of the ERP; True raises :class:`SuspendHere`."""
        self.state: State = {}
        """What the page told last."""
        self.state_is_old = True
        """A call of the ERP was made since."""
        self._clock = clock
        self.since = clock.now()

    async def ready(self) -> None:
        """Wait until the page shows its grid and nothing is in a callback."""
        self.state_is_old = True
        for _ in range(3):
            try:
                await self.where()
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
        """Ask the page for the state of the list."""
        self.state = await self.driver.look(Look.STATE)
        self.state_is_old = False
        return self.state

    @property
    def has_settled(self) -> bool:
        """Whether every call of the ERP so far has ended, with the state looked at afterwards."""
        return not self.state_is_old

    async def current_state(self) -> State:
        """The state of the list; the page is asked only if a call of the ERP was made since it was asked last."""
        return await self.look() if self.state_is_old else self.state

    async def load_again(self) -> State:
        """Load the list's page anew and look: the ERP shows what it has really kept (``docs/erp.md``, View state)."""
        self.safe_point()
        at_erp(await self.driver.go(self.entity.path, self.limits.open), self.entity.path)
        await self.ready()
        return await self.look()

    @property
    def words(self) -> Learned:
        """The enum words that the page's filter row tells, with their language-free values."""
        return {field: [(value, word) for value, word in items] for field, items in self.state["words"].items()}

    @property
    def version(self) -> str:
        """The ERP's version, from the page's footer; empty: not found."""
        return str(self.state.get("version") or "")

    def warn(self, code: str, **params: str | int) -> None:
        """Note a warning of this read once."""
        text = warning(code, list=self.entity.name, **params)
        if text not in self.warnings:
            self.warnings.append(text)

    async def act(self, act: Act, **arguments: Any) -> None:
        """Make one call of the grid and wait for its end."""
        self.begin()
        try:
            self.state = await self.driver.act(act, self.limits.callback, **arguments)
            self.state_is_old = False
        except Navigated:
            await self.where()
            raise

    def begin(self) -> datetime:
        """A call of the ERP begins: the data are current as of now. Raises :class:`SuspendHere` at a safe point."""
        self.safe_point()
        self.state_is_old = True
        self.since = self._clock.now()
        return self.since

    def safe_point(self) -> None:
        """Raise :class:`SuspendHere` if the reader wants to stop."""
        if self.stop():
            raise SuspendHere

    async def where(self) -> None:
        """The page went away under us: raises if it is not the list's any more (:func:`at_erp`); else it just loaded
        again."""
        at_erp(await self.driver.arrived(self.limits.open), self.entity.path)
