"""Searches the whole code for kinds of faults that were found once; each place is listed here with its reason.

A place that is not listed fails the test. Mend it or, where it is harmless, list it with the reason. So does an entry
whose place no longer exists.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import archisync_gui

ROOT = Path(archisync_gui.__file__).parent
Place = tuple[str, str]
"""File (relative to the package) and expression."""


@cache
def modules() -> tuple[tuple[str, ast.Module, Mapping[ast.AST, ast.AST]], ...]:
    """Each module: its path, its tree, and each node's parent."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("demo_erp/"):  # it has invented data only, and no profile
            tree = ast.parse(path.read_text(encoding="utf-8"))
            parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
            found.append((name, tree, parents))
    return tuple(found)


@cache
def all_calls() -> tuple[tuple[str, ast.Call, Mapping[ast.AST, ast.AST]], ...]:
    return tuple(
        (name, node, parents)
        for name, tree, parents in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


@cache
def text_of(node: ast.AST) -> str:
    return ast.unparse(node)


def calls(folders: tuple[str, ...] = ("",)) -> Iterator[tuple[str, ast.Call, Mapping[ast.AST, ast.AST]]]:
    return (found for found in all_calls() if found[0].startswith(folders))


def called(call: ast.Call) -> str:
    """The name of the called function or method, without its object or module."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def has_timeout(call: ast.Call) -> bool:
    return any(word.arg == "timeout" for word in call.keywords)


def is_within(call: ast.Call, parents: Mapping[ast.AST, ast.AST], *limits: str) -> bool:
    """Whether the call is inside an ``async with`` whose expression contains one of ``limits``."""
    node: ast.AST = call
    while not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
        node = parents[node]
        if isinstance(node, ast.AsyncWith) and any(limit in text_of(i) for i in node.items for limit in limits):
            return True
    return False


# ------------------------------------------------------------------------------------------------ the kinds


def writes_by_itself() -> Iterator[Place]:
    """Files that are written or renamed without ``disk``: a kill may leave them half written, and two writers may use
    one temporary name."""
    for name, call, _ in calls():
        text = text_of(call)
        opened = called(call) in ("open", "ZipFile") and any(
            isinstance(arg, ast.Constant) and isinstance(arg.value, str) and 0 < len(arg.value) < 4
            and set(arg.value) & set("wax+")
            for arg in call.args[:2]
        )  # fmt: skip
        written = called(call) in ("write_text", "write_bytes") or "write_text" in [text_of(a)[-10:] for a in call.args]
        renamed = called(call) in ("replace", "rename") and len(call.args) == 1 and not call.keywords
        renamed = renamed and isinstance(call.func, ast.Attribute) and "self.replace(" not in text
        if opened or written or renamed or text.startswith(("os.replace(", "os.rename(", "shutil.move(")):
            yield name, text


def removes_by_itself() -> Iterator[Place]:
    """Files that are removed without ``disk``: on Windows a scanner may hold one for a moment, and where a temporary
    file is removed after an error, that error would be replaced."""
    for name, call, _ in calls():
        if called(call) in ("unlink", "rmtree") or text_of(call.func) == "os.remove":
            yield name, text_of(call)


def reads_json_by_itself() -> Iterator[Place]:
    """JSON files that are read without ``disk.read_json``: too deep nesting raises no ``ValueError``."""
    for name, call, _ in calls():
        if called(call) in ("load", "loads") and text_of(call.func).startswith("json"):
            text = text_of(call)
            if "read_text" in text or "read_bytes" in text or called(call) == "load":
                yield name, text


def looks_at_the_wall_clock() -> Iterator[Place]:
    """Uses of the computer's clock instead of the injected one: a test cannot control it, and it may be wrong."""
    clocks = ("datetime.now", "datetime.utcnow", "date.today", "time.time", "datetime.today")
    for name, call, _ in calls():
        if text_of(call.func) in clocks:
            yield name, text_of(call)


WAITS = frozenset(
    [
        "readline",
        "read",
        "readexactly",
        "wait",
        "drain",
        "communicate",
        "wait_closed",
        "open_unix_connection",
        "open_connection",
        "receive",
    ]
)


def waits_without_limit() -> Iterator[Place]:
    """In commands, channel and endpoint: awaited calls that another process or the user may never end."""
    for name, call, parents in calls(("app/", "endpoint/", "cli.py")):
        if called(call) not in WAITS or not isinstance(parents[call], ast.Await) or has_timeout(call):
            continue
        if not is_within(call, parents, "timeout("):
            yield name, text_of(call)


PLAYWRIGHTS = frozenset(["page", "free", "context", "chromium", "_chromium", "playwright", "_playwright"])


def asks_a_browser_without_limit() -> Iterator[Place]:
    """Awaited calls of Playwright's objects without a time limit: a page or browser that hangs never answers. No
    watchdog ends a call in the background, so what it holds would never be released."""
    for name, call, parents in calls(("erp/browser.py", "erp/launch.py", "erp/driver/")):
        of = text_of(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if of.rpartition(".")[2] not in PLAYWRIGHTS or not isinstance(parents[call], ast.Await) or has_timeout(call):
            continue
        if not is_within(call, parents, "timeout(", "self._browser_call(", "self._limited("):
            yield name, text_of(call)


def asks_without_limit() -> Iterator[Place]:
    """Calls of other programs and servers without a time limit."""
    for name, call, _ in calls():
        text = text_of(call.func)
        if text.endswith(("subprocess.run", "check_output", "check_call", "urlopen")) and not has_timeout(call):
            yield name, text_of(call)


def gathers_in_a_round() -> Iterator[Place]:
    """``asyncio.gather`` within ``while``: since Python 3.12 it does not yield to the loop where all tasks are done
    already, so that what the ``while`` waits for never happens. ``asyncio.wait`` yields."""
    for name, call, parents in calls():
        node: ast.AST = call
        while text_of(call.func) == "asyncio.gather" and node in parents:
            node = parents[node]
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                break
            if isinstance(node, ast.While):
                yield name, text_of(call)
                break


def prints_json_in_a_code_page() -> Iterator[Place]:
    """JSON on the standard output that is not plain ASCII: a pipe on Windows uses the code page of the locale."""
    for name, call, parents in calls(("app/", "cli.py")):
        if called(call) == "dumps" and "ensure_ascii=False" in ast.unparse(call):
            node: ast.AST = call
            while node in parents and not isinstance(node, ast.stmt):
                node = parents[node]
            if "print(" in ast.unparse(node) or ".write(" in ast.unparse(node):
                yield name, ast.unparse(call)


def expects_only_psutils_errors() -> Iterator[Place]:
    """``psutil.Error`` caught without ``OSError``: psutil does not wrap most errors of Windows."""
    for name, tree, parents in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and text_of(node) == "psutil.Error":
                around = parents[node]
                if not (isinstance(around, ast.Tuple) and "OSError" in text_of(around)):
                    yield name, text_of(around)


def accepts_by_asyncio() -> Iterator[Place]:
    """Servers of asyncio on TCP: on Windows a connection that is reset early ends them for good (``listening.py``)."""
    for name, call, _ in calls():
        if called(call) in ("start_server", "create_server") and text_of(call.func) != "socket.create_server":
            yield name, text_of(call)


def left_behind() -> Iterator[Place]:
    """Leftovers of moved code: a logger that is unused or made twice, an empty ``if TYPE_CHECKING``."""
    for name, tree, _ in modules():
        made = [node for node in tree.body if isinstance(node, ast.Assign) and text_of(node.targets[0]) == "log"]
        used = any(isinstance(n, ast.Name) and n.id == "log" and isinstance(n.ctx, ast.Load) for n in ast.walk(tree))
        for node in made[1 if used else 0 :]:
            yield name, text_of(node)
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and all(isinstance(part, ast.Pass) for part in node.body):
                yield name, text_of(node)


KINDS: dict[Callable[[], Iterator[Place]], dict[tuple[str, str], str]] = {
    writes_by_itself: {
        ("disk.py", "old.replace(new)"): "the one place",
        ("export.py", "path.open('w'"): "written under a name of its own first",
        ("app/data_care.py", "zipfile.ZipFile(part, 'w'"): "written under a name of its own first",
        ("app/data_care.py", "made.open(f'{entity.name}.csv', 'w')"): "within an archive that is being made",
        ("erp/conformance/", "asyncio.to_thread(save_to.write_text"): "a report where the operator wants it",
        ("app/quitting.py", "restart_list.write_bytes(b"): "for the installer that asks and waits",
        ("app/quitting.py", "restart_list.open('a'"): "for the installer that asks and waits",
        ("start.py", "lock.open('rb+')"): "nothing is written: Windows locks no file that is open for reading only",
        ("ui/pages/data_lists.py", "self._rows.replace(cells)"): "rows of a table, no file",
        ("ui/output/paper.py", "part.write_bytes("): "written under a name of its own first, for all to read",
        ("ui/dialogs/run_details.py", "part.write_text("): "as above",
        ("ui/output/diagnostics.py", "zipfile.ZipFile(part, 'w'"): "as above",
    },
    removes_by_itself: {
        ("disk.py", "temporary.unlink("): "discard",
        ("disk.py", "path.unlink(missing_ok=True)"): "remove_file",
        ("disk.py", "path.unlink()"): "remove_leftovers",
        ("app/autostart.py", "_file(profile).unlink("): "Linux and macOS",
        ("app/channel.py", "path.unlink("): "a socket: Linux and macOS",
        ("app/channel.py", "self._path.unlink("): "a socket: Linux and macOS",
        ("app/channel.py", "_address_file(self._profile).unlink("): "errors are ignored: nobody listens there now",
        ("app/crash.py", "self._file.unlink()"): "an empty file; an error is logged",
        ("app/profile.py", "self._holder.unlink("): "for messages only; an error is logged",
        ("erp/browser.py", "shutil.rmtree("): "a browser's folder; errors are ignored, and the next start removes it",
        ("store/maintenance.py", "file.unlink()"): "a screenshot; the next day's clean-up tries it again",
    },
    reads_json_by_itself: {("disk.py", "json.loads(read_text(path))"): "the one place"},
    looks_at_the_wall_clock: {
        ("model/ports.py", "datetime.now(UTC)"): "the one place",
        ("zone.py", "datetime.now(UTC)"): "the office's day, for people",
        ("app/crash.py", "datetime.now()"): "the time of the crash, for people",
        ("ui/text/last_known.py", "datetime.now(UTC)"): "an age for people, before there is a clock to hand in",
    },
    waits_without_limit: {
        ("app/channel.py", "asyncio.open_connection("): "_reached gives it a limit",
        ("app/channel.py", "asyncio.open_unix_connection("): "_reached gives it a limit",
        ("app/channel.py", "reader.readline()"): "proofs: _serve and _reached give them a limit",
        ("app/commands.py", "asyncio.wait([looking, *tickets]"): "a ticket always ends (rule 5), see test_alone",
        ("app/actions.py", "asyncio.wait(self._later)"): "they are cancelled, and none of them waits for others",
        ("app/core.py", "self._closed.wait()"): "the other close has a deadline",
        ("app/core.py", "asyncio.wait(waits"): "until the operator quits",
        ("app/life.py", "asyncio.wait({telling, stopping}"): "until the failure is read, or the session ends",
        ("app/member.py", "self._turn.wait()"): "until another member leads or this one's part ends",
        ("app/member.py", "asyncio.wait(self._adopting)"): "files and the server, which have limits; no repeat",
        ("cli.py", "asyncio.wait({task, broken}"): "the command, which has its own limits, or the end",
        ("endpoint/server.py", "asyncio.wait({http})"): "it is cancelled, and loading catches nothing",
        ("endpoint/tab_line.py", "stream.over.wait()"): "as long as the line lives",
        ("endpoint/tab_line.py", "socket.receive()"): "the line's heartbeat ends it",
        ("endpoint/tab_line.py", "asyncio.wait(tasks"): "as long as the line lives",
        ("endpoint/http_server.py", "asyncio.wait({self._making}"): "a thread that computes and waits for nobody",
        ("endpoint/streams.py", "asyncio.wait((work, closing)"): "the caller asked for it and may hang up",
    },
    asks_a_browser_without_limit: {
        ("erp/browser.py", "page.goto('about:blank')"): "Playwright's own limit, 30 s",
        ("erp/driver/page_driver.py", "self.page.fill("): "Playwright's own limit, 30 s",
        ("erp/launch.py", "chromium.launch("): "its caller, Browser._start, has a limit",
        ("erp/launch.py", "chromium.new_context("): "its caller, Browser._context, has a limit",
        ("erp/launch.py", "context.add_init_script("): "as above",
    },
    asks_without_limit: {},
    gathers_in_a_round: {},
    prints_json_in_a_code_page: {},
    expects_only_psutils_errors: {},
    accepts_by_asyncio: {("listening.py", "loop.create_server("): "not on Windows"},
    left_behind: {},
}  # fmt: skip


@pytest.mark.ci
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_place_of_a_kind_is_listed_with_its_reason(kind: Callable[[], Iterator[Place]]) -> None:
    listed, used, new = KINDS[kind], set(), []
    for name, text in kind():
        known = [key for key in listed if name.startswith(key[0]) and text.startswith(key[1])]
        used.update(known)
        if not known:
            new.append(f"{name}: {text[:150]}")
    assert not new, f"{(kind.__doc__ or '').strip()}\n" + "\n".join(new)
    assert set(listed) == used, "listed, but no longer in the code"


def test_the_search_finds_each_kind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Shows that the test above can fail."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "bad.py").write_text(
        "log = logging.getLogger(__name__)\n"
        "if TYPE_CHECKING:\n"
        "    pass\n"
        "async def f():\n"
        "    path.write_text('x')\n"
        "    await asyncio.to_thread(path.write_text, 'x')\n"
        "    open('x', 'w')\n"
        "    path.unlink()\n"
        "    ZipFile(path, 'w')\n"
        "    json.loads(path.read_text())\n"
        "    datetime.now()\n"
        "    await reader.readline()\n"
        "    async with asyncio.timeout(1):\n"
        "        await reader.readline()\n"
        "    subprocess.run(['x'])\n"
        "    while tasks:\n"
        "        await asyncio.gather(*tasks)\n"
        "    print(json.dumps(x, ensure_ascii=False) if y else z)\n"
        "    with suppress(psutil.Error):\n"
        "        process.kill()\n"
        "    await asyncio.start_server(x)\n"
    )
    (tmp_path / "erp").mkdir()
    (tmp_path / "erp" / "browser.py").write_text(
        "async def f():\n"
        "    await self.page.evaluate('x')\n"
        "    await page.click('x', timeout=1)\n"
        "    async with self._browser_call():\n"
        "        await context.new_page()\n"
    )
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    modules.cache_clear()
    all_calls.cache_clear()
    try:
        assert [len(list(kind())) for kind in KINDS] == [4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]
    finally:
        modules.cache_clear()
        all_calls.cache_clear()
