"""The only module that acts on the ERP's pages: every click, typed text and client call is made here.

Only actions on the lists below are possible, so Archisync cannot write to the ERP. A test searches the package for
clicks elsewhere, and the demo ERP records every action that would write.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from archisync_gui.erp.failures import Navigated, SessionExpired, layout, transient, translated
from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from playwright.async_api import Page, Response

log = logging.getLogger(__name__)

SCRIPTS = ("controls", "cells", "values", "view_state", "acts", "pages", "structure")
"""Files in ``scripts/``, in the order in which they build on each other."""


def _script() -> str:
    folder = files("archisync_gui.erp.driver").joinpath("scripts")
    parts = "\n".join(folder.joinpath(f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    return f"if (!window.archisyncReader) {{ window.archisyncReader = {{}};\n{parts}\n}}"


_READER = _script()


class Target(Enum):
    """What may be clicked: the pattern that the element's whole id must match. Numbers in ids differ between pages
    (``docs/erp.md``, List view page)."""

    LOGIN = re.compile(r"Logon_PopupActions_Menu_DXI0_T")
    PRESET_OPTION = re.compile(r"Vertical_mainMenu_Menu_ITCNT\d+_xaf_a\d+_Cb_DDD_L_LBI\d+T0")
    SEARCH_BUTTON = re.compile(r"Vertical_SearchAC_Menu_ITCNT\d+_xaf_a\d+_Ed_B1")


class Act(Enum):
    """The allowed calls of the grid's client interface: the name in ``acts.js`` and the names of its arguments."""

    PAGE = "page", frozenset({"index"})
    PAGE_SIZE = "pageSize", frozenset({"text"})
    SORT = "sort", frozenset({"field", "order", "first", "at"})
    FILTER_ROW = "filterRow", frozenset({"field", "value"})
    SEARCH = "search", frozenset({"text"})
    GROUP = "group", frozenset({"field", "at", "order"})
    UNGROUP = "ungroup", frozenset({"field"})
    REFRESH = "refresh", frozenset[str]()


class Look(Enum):
    """Functions of the page scripts that only read (or wait, or open the drop-down list of a combo box)."""

    READY = "ready"
    STATE = "state"
    ARM = "arm"
    """Listen for the callback that the next click starts; :attr:`ARMED` waits for its end."""
    ARMED = "armed"
    OPEN_COMBO = "openCombo"
    EMPTY_ROWS = "emptyRows"
    SEARCH_BOX = "searchBox"
    LOGIN_OUTCOME = "loginOutcome"
    ROW_VALUES = "rowValues"
    DETAIL = "detail"
    STRUCTURE = "structure"


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How a page is to be read."""

    way: str
    """``values`` or ``cells`` (``docs/erp.md``, Reading by values, Reading by cells)."""
    fields: tuple[str, ...]
    patience: float
    """Seconds that ``GetPageRowValues`` may take."""
    compare: bool = False
    """Read the cells too, to compare them with the values."""


class Forbidden(AssertionError):
    """An action that is not on the lists was requested: a bug of ours, whatever the ERP shows."""


GOTO_TRIES = 3
"""How many times a page is loaded if another navigation interrupts it."""

_SEARCH_BOX = re.compile(r"Vertical_SearchAC_Menu_ITCNT\d+_xaf_a\d+_Ed_I")
_LIST = re.compile(r"[A-Za-z]+_ListView[A-Za-z_]*/")
_DETAIL = re.compile(r"[A-Za-z]+_DetailView[A-Za-z_]*/\d+/")


def may_open(path: str) -> bool:
    """Whether navigation to a path below the ERP's base is allowed: list views, detail views with ``mode=View``, the
    login page."""
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or parts.fragment:
        return False
    query = parse_qs(parts.query, keep_blank_values=True)
    if _LIST.fullmatch(parts.path) or parts.path == "Login.aspx":
        return not query
    return bool(_DETAIL.fullmatch(parts.path)) and query == {"mode": ["View"]}


LOGIN_PAGE, ERROR_PAGE = "Login.aspx", "Error.aspx"
"""How the paths of these pages end. The query of the login page's address contains other pages' names (``docs/erp.md``,
Addresses)."""


def shows(url: str, path: str) -> bool:
    """Whether the path of ``url`` ends with ``path``. Queries and case do not count."""
    return f"/{_plain(url)}".endswith(f"/{_plain(path)}")


def _plain(address: str) -> str:
    return urlsplit(address).path.strip("/").casefold()


LIMIT = 100.0
"""Seconds that a page may take to answer one script of ours. The scripts have limits of their own, which do not work in
a page that hangs. Less than the watchdog of a run allows (rule 24)."""


class PageDriver:
    """Drives one page of the browser."""

    def __init__(self, page: Page, base: str, limit: float = LIMIT, on_step: Callable[[], None] = lambda: None) -> None:
        """``limit``: see :attr:`limit`. ``on_step`` is called before each step."""
        self.page = page
        self._base = base.rstrip("/")
        self.limit = limit
        """Seconds for one script in the page (:data:`LIMIT`)."""
        self.on_step = on_step
        self.path = ""
        """The path that was opened last. Scripts run in its page only; empty: in any page."""

    async def go(self, path: str, limit: float) -> str:
        """Navigate to a path below the ERP's base and return the address that the page has then."""
        if not may_open(path):
            raise Forbidden(path)
        self.path = path
        answer = await self._goto(path, limit)
        answer = await self._reload_if_cached(limit) or answer
        if answer is not None and answer.status >= 500:
            raise transient("erp-unavailable", status=answer.status)
        if answer is not None and answer.status >= 400:
            raise layout("erp-page-missing", status=answer.status, path=path)
        return await self.arrived(limit)

    async def _reload_if_cached(self, limit: float) -> Response | None:
        """Load the page again if it came from the browser's cache, since it may be old then. Returns the ERP's answer;
        ``None``: the page was not loaded again, or the load has led to another page."""
        script = """() => performance.getEntriesByType("navigation").map(load => load.deliveryType).join()"""
        try:
            async with asyncio.timeout(limit):
                with translated("open"):
                    if await self.page.evaluate(script) == "cache":
                        self.on_step()
                        return await self.page.reload(wait_until="domcontentloaded", timeout=limit * 1000)
        except TimeoutError as error:
            raise transient("erp-slow", step="open") from error
        except Navigated:
            log.debug("%s leads to another page", self.path)  # ``arrived`` returns its address
        return None

    async def _goto(self, path: str, limit: float) -> Response | None:
        """Load a page. After a load that failed, the browser's own error page may come so late that it interrupts the
        next load; the load is repeated then."""
        for _ in range(GOTO_TRIES):
            self.on_step()
            try:
                with translated("open"):
                    return await self.page.goto(
                        f"{self._base}/{path}", wait_until="domcontentloaded", timeout=limit * 1000
                    )
            except Navigated:
                await self.arrived(limit)  # else it would interrupt the next try, too
        raise transient("erp-navigates", path=path)

    async def arrived(self, limit: float) -> str:
        """The page's address once its document is loaded. Raises ``erp-other-page`` for a page of another host.

        The document itself is asked: just after a navigation Playwright's own address may still be the old one.
        """
        script = f"""async () => {{
            {self._where}
            if (document.readyState === "loading")
                await new Promise(resolve => document.addEventListener("DOMContentLoaded", resolve, {{ once: true }}));
            return where();
        }}"""
        self.on_step()
        try:
            async with asyncio.timeout(limit):
                while True:
                    try:
                        with translated("open"):
                            where = str(await self.page.evaluate(script))
                        return self._at_host(where)
                    except Navigated:
                        continue
        except TimeoutError as error:
            raise transient("erp-slow", step="open") from error

    def _at_host(self, where: str) -> str:
        """The address that a script has returned (:attr:`_where`). Raises ``erp-other-page`` for another host than the
        ERP's: it may be another ERP, and no password may be typed there."""
        if where.startswith(" "):
            wanted, shown = urlsplit(self._base).hostname, urlsplit(where.strip()).hostname
            raise transient("erp-other-page", wanted=wanted, shown=shown)
        return where

    @property
    def _where(self) -> str:
        """JavaScript that defines ``where()``: the page's address, with a blank in front if its host is not the ERP's.
        The browser compares the hosts, since it knows all notations of a host name."""
        return f"""const host = new URL({json.dumps(self._base)}).hostname;
            const isOther = () => /^https?:$/.test(location.protocol) && location.hostname !== host;
            const where = () => (isOther() ? " " : "") + location.href;"""

    async def look(self, look: Look, *arguments: Any, step: str = "read") -> Any:
        """Call a function that only reads, and return its answer."""
        return await self._call(look.value, list(arguments), step, anywhere=look is Look.LOGIN_OUTCOME)

    async def act(self, act: Act, limit: float, **arguments: Any) -> dict[str, Any]:
        """Make one client call of the grid, wait for its end and return the state as :attr:`Look.STATE` does."""
        name = self._checked(act, arguments)
        answer = await self._call("act", [name, arguments, limit], name)
        return dict(_ended(answer, name, called=act is Act.REFRESH)["state"])

    async def turn(
        self,
        act: Act | None,
        plan: ReadPlan,
        limit: float,
        paint: float,
        *,
        with_state: bool = False,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Make one client call of the grid (or none) and read the page that is shown then. ``with_state``: return the
        state, too, which takes some 10 ms. Raises ``erp-call-ignored`` if a refresh or a sort starts no callback: the
        rows that are shown may be old."""
        name = self._checked(act, arguments) if act else ""
        answer = await self._call("turn", [name, arguments, asdict(plan), limit, paint, with_state], "read")
        return dict(_ended(answer, name or "read", called=act in (Act.REFRESH, Act.SORT)))

    async def click(self, target: Target, element: str, limit: float) -> None:
        """Click an element, which must be visible, with a real mouse event."""
        self._check(target, element)
        self.on_step()
        with translated("click"):
            await self.page.click(f"[id='{element}']", timeout=limit * 1000)

    async def type_login(self, user: str, password: str) -> str | None:
        """Fill in the login page. Returns the text that its error box shows already; ``None``: the fields are missing
        or did not accept the text."""
        answer = await self._call("login", [user, password], "login", anywhere=True)
        return str(answer["text"]) if answer["found"] and answer["held"] else None

    async def type_search(self, element: str, text: str) -> None:
        """Fill in the toolbar's search box; a click on its button starts the search."""
        if not _SEARCH_BOX.fullmatch(element):
            raise Forbidden(f"search box: {element}")
        self.on_step()
        with translated("search"):
            await self.page.fill(f"[id='{element}']", text)

    async def screenshot(self) -> bytes | None:
        """A screenshot of the page as PNG; ``None`` if it cannot be taken."""
        try:
            return await self.page.screenshot(timeout=5000)
        except Exception:  # must not hide the failure that it is taken for
            return None

    @staticmethod
    def _check(target: Target, element: str) -> None:
        if not target.value.fullmatch(element):
            raise Forbidden(f"{target.name}: {element}")

    @staticmethod
    def _checked(act: Act, arguments: dict[str, Any]) -> str:
        name, allowed = act.value
        if set(arguments) != allowed:
            raise Forbidden(f"{name} {sorted(arguments)}")
        return name

    async def _call(self, function: str, arguments: list[Any], step: str, *, anywhere: bool = False) -> Any:
        """Run a function of the page scripts, in the page that was opened (or ``anywhere``). Raises as :func:`at_erp`
        if another page is shown before or after it."""
        # One JSON string is returned: Playwright's conversion of nested values would block the loop.
        script = f"""async ([end, ...a]) => {{
            {self._where}
            const elsewhere = () => isOther() || !location.pathname.toLowerCase().replace(/\\/+$/, "").endsWith(end);
            if (elsewhere()) return where();
            {_READER};
            const answer = await window.archisyncReader.{function}(...a);
            return elsewhere() ? where() : answer;
        }}"""
        end = "" if anywhere or not self.path else f"/{_plain(self.path)}"
        self.on_step()
        try:
            async with asyncio.timeout(self.limit):
                with translated(step):
                    text = await self.page.evaluate(script, [end, *arguments])
        except TimeoutError as error:
            raise transient("erp-slow", step=step) from error
        if not text.startswith("{"):
            at_erp(self._at_host(text), self.path)
        return json.loads(text)


def _ended(answer: Any, step: str, *, called: bool) -> Any:
    """The answer of a step; raises the failure that it ended with. ``called``: a step that started no callback has
    failed, too."""
    how: str = answer["how"]
    if called and how == "nothing":
        raise transient("erp-call-ignored", step=step)
    if how == "slow":
        raise transient("erp-slow-callback", step=step)
    if how.startswith("error"):
        raise transient("erp-callback-error", step=step, error=how.removeprefix("error:").strip()[:300])
    if not answer["quiet"]:
        raise transient("erp-never-idle", step=step)
    return answer


def at_erp(url: str, path: str) -> None:
    """Raise unless ``url`` is the address of ``path``: :class:`SessionExpired` for the login page, ``erp-error-page``
    for the error page, ``erp-other-page`` for any other (``docs/erp.md``, Addresses). Another list may have the same
    columns, so the columns would not show that it is the wrong one."""
    if shows(url, LOGIN_PAGE):
        raise SessionExpired
    if shows(url, ERROR_PAGE):
        raise SyncFailure("erp-error-page", FailureKind.TRANSIENT)
    if not shows(url, path):
        raise transient("erp-other-page", wanted=path, shown=urlsplit(url).path)
