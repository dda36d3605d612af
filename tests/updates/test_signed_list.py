"""The signed list: its signature, what of it is understood, and what is said of a doubtful one."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lists import OWNER, PUBLIC_KEY, STRANGER, document, entry, signature

from archisync_gui.messages import codes, resources
from archisync_gui.updates import signed_list
from archisync_gui.updates.signed_list import (
    UpdatesError,
    doubt,
    installed_numbers,
    newer,
    numbers,
    read_list,
    read_source,
    refuse_older,
    verify,
)
from tests.support.clock import MONDAY


def refused(call: Any, *args: Any) -> str:
    with pytest.raises(UpdatesError) as caught:
        call(*args)
    assert caught.value.code in codes()
    return caught.value.code


def test_a_good_signature_is_accepted() -> None:
    content = document(MONDAY)
    verify(content, signature(content), PUBLIC_KEY)
    verify(content, bytes(OWNER.secret_key.sign(content, prehash=False)), PUBLIC_KEY)  # minisign's older kind


def test_another_key_is_named() -> None:
    content = document(MONDAY)
    assert refused(verify, content, signature(content, STRANGER), PUBLIC_KEY) == "updates-wrong-key"


def test_a_changed_list_is_refused() -> None:
    content = document(MONDAY)
    assert refused(verify, content + b" ", signature(content), PUBLIC_KEY) == "updates-wrong-signature"
    assert refused(verify, content[:-1], signature(content), PUBLIC_KEY) == "updates-wrong-signature"


def test_a_changed_trusted_comment_is_refused() -> None:
    content = document(MONDAY)
    changed = bytes(OWNER.secret_key.sign(content, trusted_comment="serial:1")).replace(b"serial:1", b"serial:9")
    assert refused(verify, content, changed, PUBLIC_KEY) == "updates-wrong-signature"


def test_the_strangers_signature_under_the_owners_number_is_refused() -> None:
    """The key's number is no secret: who forges a list writes the owner's into the signature."""
    content = document(MONDAY)
    forged = STRANGER.secret_key.sign(content)
    forged._key_id = OWNER.secret_key.sign(content)._key_id
    assert refused(verify, content, bytes(forged), PUBLIC_KEY) == "updates-wrong-signature"


@given(st.binary(max_size=400))
def test_what_is_no_signature_is_refused(noise: bytes) -> None:
    assert refused(verify, b"{}", noise, PUBLIC_KEY) == "updates-signature-unreadable"


WRONG_KEYS = {"empty": "", "not ascii": "é", "words": "no key", "cut": PUBLIC_KEY[:-4], "zeros": "A" * len(PUBLIC_KEY)}


@pytest.mark.parametrize("key", WRONG_KEYS.values(), ids=WRONG_KEYS)  # keys differ from run to run, names may not
def test_a_key_that_cannot_be_read_is_said(key: str) -> None:
    content = document(MONDAY)
    assert refused(verify, content, signature(content), key) == "updates-no-key"


@given(st.one_of(st.binary(max_size=200), st.text().map(str.encode), st.just(b"[" * 100_000)))
def test_what_is_no_list_is_refused(noise: bytes) -> None:
    assert refused(read_list, noise) == "updates-unreadable"


ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.none()))


@given(st.sampled_from(["product", "format", "serial", "issued", "expires", "versions"]), ODD)
def test_a_list_with_an_odd_value_is_read_or_refused(name: str, value: Any) -> None:
    content = json.dumps({**json.loads(document(MONDAY, 1, "1.0.0")), name: value}).encode()
    with suppress(UpdatesError):
        assert read_list(content).serial >= 0


@given(ODD, ODD, ODD)
def test_an_odd_version_does_not_spoil_the_others(version: Any, page: Any, text: Any) -> None:
    odd = entry(version, page=page, it=text, date=text)
    found = read_list(document(MONDAY, 1, odd, "7654321.0", "98765.4"))
    assert "98765.4" in [v.name for v in found.versions]


def test_a_list_of_a_later_layout_is_said_to_be_one() -> None:
    assert refused(read_list, document(MONDAY, format=2)) == "updates-newer-format"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("1.2.3", (1, 2, 3)),
        ("1.2", (1, 2)),
        ("1.2.0", (1, 2)),
        ("10.0", (10,)),
        ("0.1.0.1", (0, 1, 0, 1)),
        ("v1.2", None),
        ("1.2.3rc1", None),
        ("1.2-3", None),
        ("1.2.", None),
        ("1..2", None),
        ("", None),
        (" 1.2", None),
        ("1.2\n", None),
        ("١.٢", None),
        ("1.2.3.4.5", None),
        ("1234567", None),
        (None, None),
        (1.2, None),
    ],
)
def test_versions_are_numbers(name: object, found: tuple[int, ...] | None) -> None:
    assert numbers(name) == found


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.9", "1.10"),
        ("1.2", "1.2.1"),
        ("1.2.0rc1", "1.2.0"),
        ("1.2.0.dev3", "1.2"),
        ("1.1.9", "1.2.0rc1"),
        ("?", "1"),
    ],
)
def test_newer_is_newer(lower: str, higher: str) -> None:
    assert installed_numbers(lower) < installed_numbers(higher)


def test_only_newer_ones_are_offered_newest_first() -> None:
    found = read_list(document(MONDAY, 1, "0.1.0", "0.10.0", "0.2.0", "0.9", "1.0.0rc1"))
    assert [v.name for v in newer(found, "0.2")] == ["0.10.0", "0.9"]
    assert newer(found, "0.10") == ()


def test_a_list_has_no_more_versions_than_can_be_shown() -> None:
    most = signed_list.MOST_VERSIONS
    assert len(read_list(document(MONDAY, 1, *(f"1.{n}" for n in range(1, most + 1)))).versions) == most
    assert refused(read_list, document(MONDAY, 1, *(f"1.{n}" for n in range(most + 1)))) == "updates-unreadable"


def test_what_is_said_of_a_version_cannot_fake_or_lead_elsewhere() -> None:
    hidden = entry("1.0", it="una\x1b[2J\u202eriga\nseconda", page="http://archisync.example.test/")
    (found,) = read_list(document(MONDAY, 1, hidden)).versions
    assert found.it == "una\\x1b[2J\\u202eriga\nseconda"
    assert found.page == ""
    for page in ("file:///etc/passwd", "https://", "https://a b", "https://user@example.test/", "javascript:1", 7):
        (found,) = read_list(document(MONDAY, 1, entry("1.0", page=page))).versions
        assert found.page == ""


def test_an_older_list_is_refused_and_the_same_or_a_newer_one_is_not() -> None:
    seen = read_list(document(MONDAY, 5))
    refuse_older(seen, None)
    refuse_older(seen, seen)
    refuse_older(read_list(document(MONDAY, 6)), seen)
    assert refused(refuse_older, read_list(document(MONDAY, 4)), seen) == "updates-older"
    assert refused(refuse_older, read_list(document(MONDAY - timedelta(hours=1), 5)), seen) == "updates-older"


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(0), None),
        (timedelta(days=89), None),
        (timedelta(days=90), "updates-expired"),
        (timedelta(days=4000), "updates-expired"),
        (timedelta(hours=-23), None),
        (timedelta(days=-2), "updates-clock"),
        (timedelta(days=-20_000), "updates-clock"),
    ],
)
def test_a_frozen_list_and_a_wrong_clock_are_said(passed: timedelta, said: str | None) -> None:
    found = doubt(read_list(document(MONDAY)), MONDAY + passed)
    assert (found.code if found else None) == said
    assert said is None or said in codes()


def test_a_list_that_had_ended_when_it_was_issued_is_frozen_whatever_the_clock_shows() -> None:
    found = doubt(read_list(document(MONDAY, days=-1)), MONDAY - timedelta(days=400))
    assert found is not None
    assert found.code == "updates-expired"


def test_the_builds_source_can_be_read() -> None:
    found = read_source(resources() / "updates.toml")
    assert found.address.startswith("https://")
    if found.public_key:
        content = document(MONDAY)
        assert refused(verify, content, signature(content), found.public_key) == "updates-wrong-key"


@pytest.mark.parametrize("content", [None, b"\xff", b"address = 1\npublic_key = []", b"["])
def test_a_damaged_source_asks_nothing(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "updates.toml").write_bytes(content)
    assert read_source(tmp_path / "updates.toml").public_key == ""


def test_the_layout_is_the_one_documented() -> None:
    assert json.loads(document(MONDAY))["format"] == signed_list.FORMAT
