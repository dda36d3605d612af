"""Archisync never writes to the ERP: only the page driver acts on pages, and only with the allowed acts."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error

from archisync_gui import erp
from archisync_gui.entities import ENTITIES
from archisync_gui.erp.driver.page_driver import SCRIPTS, Act, Forbidden, PageDriver, Target, may_open, shows
from archisync_gui.model import FailureKind, SyncFailure

GRID = "Vertical_v6_123_LE_v6"
FORBIDDEN = [
    "Vertical_mainMenu_Menu_DXI0_T",  # New
    "Vertical_mainMenu_Menu_DXI1_T",  # Delete
    "Vertical_mainMenu_Menu_DXI2_T",  # Edit
    "Vertical_mainMenu_Menu_DXI7_T",  # Export
    f"{GRID}_DXCBtn0",  # the row's own edit button
    f"{GRID}_DXSelBtn0_D",
    f"{GRID}_DXDataRow0",
    "Vertical_MyDetails",
    "",
]


class NoPage:
    """A page that fails the test when it is used."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"page.{name} was reached")


@pytest.mark.parametrize("element", FORBIDDEN)
@pytest.mark.parametrize("target", list(Target))
async def test_nothing_that_writes_can_be_clicked(target: Target, element: str) -> None:
    driver = PageDriver(NoPage(), "https://erp.example.test/Archibald")  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        await driver.click(target, element, 1)
    with pytest.raises(Forbidden):
        await driver.type_search(element, "x")


@pytest.mark.parametrize(
    "path",
    [
        "SALESTABLE_ListView_Agent/?NewObject=true",
        "CUSTTABLE_DetailView/50120/?mode=Edit",
        "CUSTTABLE_DetailView/50120/",
        "CUSTTABLE_DetailView/?NewObject=true",
        "Default.aspx",
        "https://elsewhere.example.test/SALESTABLE_ListView_Agent/",
        "//elsewhere.example.test/X_ListView/",
        "SALESTABLE_ListView_Agent/#new",
        "",
    ],
)
async def test_nothing_that_writes_can_be_opened(path: str) -> None:
    assert not may_open(path)
    with pytest.raises(Forbidden):
        await PageDriver(NoPage(), "https://erp.example.test/Archibald").go(path, 1)  # type: ignore[arg-type]


def test_all_declared_lists_can_be_opened() -> None:
    for entity in ENTITIES:
        assert may_open(entity.path)
        if entity.detail_path:
            assert may_open(entity.detail_path.format(id=50120))


async def test_a_call_takes_only_its_own_arguments() -> None:
    driver = PageDriver(NoPage(), "https://erp.example.test/Archibald")  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        await driver.act(Act.PAGE, 1, ids=["Vertical_mainMenu_Menu_DXI0_T"])


class LateErrorPage:
    """A page that gets the browser's error page of an earlier load during the next load."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def goto(self, url: str, **_: Any) -> None:
        if self.left:
            self.left -= 1
            raise Error(
                f'Page.goto: Navigation to "{url}" is interrupted by another navigation to "chrome-error://chromewebdata/"'
            )

    async def evaluate(self, _: str) -> str:
        return f"http://erp{PATH}"


PATH = f"/{ENTITIES[0].path}"


@pytest.mark.parametrize("times", [1, 2])
async def test_a_load_interrupted_by_a_late_error_page_is_repeated(times: int) -> None:
    page: Any = LateErrorPage(times)
    assert await PageDriver(page, "http://erp").go(PATH[1:], 5) == f"http://erp{PATH}"


async def test_a_load_that_is_interrupted_every_time_is_a_transient_failure() -> None:
    page: Any = LateErrorPage(3)
    with pytest.raises(SyncFailure) as failed:
        await PageDriver(page, "http://erp").go(PATH[1:], 5)
    assert (failed.value.code, failed.value.kind) == ("erp-navigates", FailureKind.TRANSIENT)


def test_the_login_page_is_known_by_its_path_not_by_its_query() -> None:
    base = "https://erp.example.test/Archibald"
    assert shows(f"{base}/Login.aspx?ReturnUrl=%2fArchibald%2fDefault.aspx", "Login.aspx")
    assert not shows(f"{base}/Default.aspx?ReturnUrl=%2fArchibald%2fLogin.aspx", "Login.aspx")
    assert shows(f"{base}/SALESTABLE_ListView_Agent/", "SALESTABLE_ListView_Agent")


TOUCHES = {"click", "dblclick", "tap", "press", "fill", "type", "check", "uncheck", "select_option", "drag_to", "hover"}
TOUCHES |= {
    "dispatch_event",
    "set_input_files",
    "press_sequentially",
    "mouse",
    "keyboard",
    "evaluate",
    "goto",
    "locator",
}
ALLOWED = {("browser.py", "goto")}
"""``try_browser`` opens the empty page."""


def test_only_the_page_driver_touches_a_page() -> None:
    """Every Playwright call that can act on a page is in ``page_driver.py``, which checks its allow lists."""
    folder = Path(erp.__file__).parent
    found = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in TOUCHES and _is_page(node.value):
                found.add((file.name, node.attr))
    assert {name for name, _ in found if name != "page_driver.py"} <= {name for name, _ in ALLOWED}
    assert found - {f for f in found if f[0] == "page_driver.py"} <= ALLOWED


def _is_page(node: ast.expr) -> bool:
    """Whether the expression may be a Playwright page: in our code they are called ``page``."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name == "page"


def test_the_page_scripts_know_a_closed_set_of_acts() -> None:
    folder = Path(erp.__file__).parent / "driver" / "scripts"
    assert {file.stem for file in folder.glob("*.js")} == set(SCRIPTS)
    script = "\n".join((folder / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    acts = re.search(r"const ACTS = \{(.*?)\n  \};", script, re.DOTALL)
    assert acts
    names = set(re.findall(r"^    (\w+):", acts[1], re.MULTILINE))
    assert names == {act.value[0] for act in Act}
    for word in (
        ".click()",
        "SetValue(",
        "SetSelectedIndex",
        "ShowCustomizationDialog",
        "ClearFilter",
        "submit(",
        "UpdateEdit",
        "AddNewRow",
        "DeleteRow",
        "StartEditRow",
        "RaiseXafCallback",
        "fetch(",
        "XMLHttp",
    ):
        assert word not in script, f"{word}: a script could change the user's columns or filters, or write"


def test_no_script_or_module_knows_the_column_dialog() -> None:
    folder = Path(erp.__file__).parent
    for file in [*folder.rglob("*.py"), *folder.rglob("*.js")]:
        assert "DXCD" not in file.read_text("utf-8"), file.name
