"""Long work: shown with the time left, cancelled by its button, and a file is written completely or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from panel_fakes import FakeStore, MakePanel, World

from archisync_gui import disk
from archisync_gui.export import write
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.work import Work
from archisync_gui.ui.pages.data import Data
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


class Said:
    """Records the texts of the notice."""

    def __init__(self, context: Context) -> None:
        self.texts: list[str] = []
        self.press: object = None
        context.notice_requested.connect(self._hear)

    def _hear(self, text: str, tone: str, action: str, callback: object) -> None:
        self.texts.append(text)
        self.press = callback


async def test_it_is_shown_with_the_time_left_unless_it_is_quick(qapp: object) -> None:
    context = Context()
    said = Said(context)
    times = iter((0.0, 0.5, 2.0, 2.1, 4.0, 5.0))
    work = Work(context, "Export Orders", lambda: next(times))
    for fraction in (0.3, 0.25, 0.3, 0.5, 1.0):
        work.reached(fraction)
    assert said.texts == ["Export Orders: 25 %, about 0:06 left", "Export Orders: 50 %, about 0:04 left"]


async def test_its_button_cancels_it(qapp: object) -> None:
    context = Context()
    said = Said(context)

    async def long() -> None:
        work = Work(context, "Export Orders", iter((0.0, 3.0)).__next__)
        work.reached(0.5)
        await asyncio.Event().wait()

    task = asyncio.create_task(long())
    await asyncio.sleep(0)
    assert callable(said.press)
    said.press()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert said.texts[-1] == "Export Orders: cancelled, nothing was written."


class Rows:
    """Rows whose last part is delayed until the test allows it."""

    def __init__(self, at_row: Callable[[int], None]) -> None:
        self._at_row = at_row

    def __len__(self) -> int:
        return 3000

    def __iter__(self) -> Iterator[tuple[int]]:
        for at in range(3000):
            self._at_row(at)
            yield (at,)


async def test_an_export_waits_for_a_scanner_and_names_a_file_that_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows: an antivirus program looks at each new file, and Excel keeps the one of yesterday open."""
    file, real, times = tmp_path / "orders.csv", Path.replace, 3

    def held(path: Path, target: Path) -> Path:
        nonlocal times
        times -= 1
        if times >= 0:
            raise PermissionError(13, "Access is denied", str(path), None, str(target))
        return real(path, target)

    monkeypatch.setattr(disk, "sys_platform", lambda: "win32")
    monkeypatch.setattr(disk.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(Path, "replace", held)
    await write(file, ["a"], [(1,)])
    assert file.read_text("utf-8-sig").split() == ["a", "1"]
    times = disk.RETRIES + 1
    with pytest.raises(PermissionError) as refused:
        await write(file, ["a"], [(2,)])
    assert file.read_text("utf-8-sig").split() == ["a", "1"]
    told = problem(refused.value)
    assert str(file) in told
    assert "Excel" in told


async def test_a_temporary_file_that_cannot_be_removed_hides_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "orders.csv"

    def held(path: Path, target: object = None, **_how: object) -> None:
        raise PermissionError(13, "Access is denied", str(path), None, None if target is None else str(target))

    monkeypatch.setattr(Path, "replace", held)
    monkeypatch.setattr(Path, "unlink", held)
    with pytest.raises(PermissionError) as refused:
        await write(file, ["a"], [(1,)])
    assert refused.value.filename2 == str(file)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["orders.csv", "orders.xlsx"])
async def test_a_cancelled_or_failed_export_does_not_change_the_older_file(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("the older file", encoding="utf-8")
    reached: asyncio.Queue[float] = asyncio.Queue()
    task: asyncio.Task[Path]

    def cancel(at: int) -> None:
        if at == 1500:
            loop.call_soon_threadsafe(task.cancel)

    loop = asyncio.get_running_loop()
    task = asyncio.create_task(write(file, ["N"], Rows(cancel), on_progress=reached.put_nowait))  # type: ignore[arg-type]
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await reached.get() == 0

    def fail(at: int) -> None:
        if at == 1500:
            raise ValueError("a cell that cannot be")

    with pytest.raises(ValueError, match="a cell"):
        await write(file, ["N"], Rows(fail))  # type: ignore[arg-type]
    assert file.read_text(encoding="utf-8") == "the older file"
    assert names(tmp_path) == {name}, "the unfinished file is left"
    await write(file, ["N"], [(1,)])
    assert file.read_bytes() != b"the older file"


async def test_an_export_of_data_ends_with_one_message(
    make_panel: MakePanel, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def where(*_: object) -> Path:
        return tmp_path / "orders.csv"

    monkeypatch.setattr("archisync_gui.ui.pages.data_rows.ask_where", where)
    world.store = FakeStore(size=5000)
    panel = await make_panel()
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.total > 0)
    page.export.click()
    await until(lambda: "orders.csv" in panel.window.notice.text)
    assert len((tmp_path / "orders.csv").read_text(encoding="utf-8-sig").splitlines()) == 5001
