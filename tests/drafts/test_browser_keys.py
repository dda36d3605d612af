"""The keys for what the order form keeps in the browser, and the ports that are remembered."""

from __future__ import annotations

import errno
import json
import stat
import sys
from pathlib import Path

import pytest

from archisync_gui.drafts import browser_keys
from archisync_gui.drafts.browser_keys import FILE, PORTS_KEPT, BrowserKeys


def opened(file: Path | None, port: int = 47800) -> BrowserKeys:
    keys = BrowserKeys(file)
    keys.open(port)
    return keys


def test_the_next_start_has_the_same_keys(tmp_path: Path) -> None:
    first, second = opened(tmp_path / FILE), opened(tmp_path / FILE, 47801)
    assert first.key("a") == second.key("a")
    assert len(first.key("a") or b"") == 32
    assert second.ports == (47801, 47800)


def test_each_account_and_each_address_has_its_own(tmp_path: Path) -> None:
    keys = opened(tmp_path / FILE)
    origins = ("http://127.0.0.1:47800", "http://127.0.0.1:47801")
    made = [keys.key("a"), keys.key("b"), *(keys.proof(one, at) for one in ("a", "b") for at in origins)]
    assert len(set(made)) == 6


def test_only_the_last_ports_are_remembered(tmp_path: Path) -> None:
    for port in range(50000, 50002 + PORTS_KEPT):
        keys = opened(tmp_path / FILE, port)
    assert keys.ports == tuple(range(50001 + PORTS_KEPT, 50001, -1))


def test_the_ports_of_another_panel_that_started_later_are_learned(tmp_path: Path) -> None:
    first = opened(tmp_path / FILE)
    opened(tmp_path / FILE, 47805)
    first.update()
    assert set(first.ports) == {47800, 47805}


def test_a_port_that_could_not_be_stored_is_stored_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next start would not ask it for the orders that were left there."""
    keys = opened(tmp_path / FILE)
    with monkeypatch.context() as full:
        full.setattr(browser_keys, "replace_file", no_space)
        keys.open(47805)
        keys.update()
    assert keys.ports == (47805, 47800)
    assert opened(tmp_path / FILE).ports == (47800,)
    keys.update()
    assert opened(tmp_path / FILE).ports == (47800, 47805)


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("content", ["{", json.dumps({"secret": "00" * 32, "ports": [47805]}), None])
def test_a_file_that_is_damaged_gone_or_of_another_key_changes_no_ports(tmp_path: Path, content: str | None) -> None:
    keys = opened(tmp_path / FILE)
    if content is None:
        (tmp_path / FILE).unlink()
    else:
        (tmp_path / FILE).write_text(content, encoding="utf-8")
    keys.update()
    assert keys.ports == (47800,)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_this_user_reads_the_file(tmp_path: Path) -> None:
    opened(tmp_path / "profiles" / FILE)
    assert stat.S_IMODE((tmp_path / "profiles" / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"secret": "zz", "ports": []}', '{"secret": "00", "ports": [1]}'])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    keys = opened(tmp_path / FILE)
    assert keys.key("a") is not None
    assert bytes.fromhex(json.loads((tmp_path / FILE).read_text(encoding="utf-8"))["secret"])


def test_without_a_place_for_the_file_there_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    keys = opened(tmp_path / "taken" / FILE)
    assert (keys.key("a"), keys.proof("a", "http://127.0.0.1:47800")) == (None, None)
