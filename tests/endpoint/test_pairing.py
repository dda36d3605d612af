"""Pairing without HTTP: the window, the digits, tries, codes, and the file of tokens."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archisync_gui.endpoint import paired_pages as module
from archisync_gui.endpoint.codes import CODE_LIFE
from archisync_gui.endpoint.paired_pages import (
    MAX_OWN_TOKENS,
    OWN_SILENCE,
    OWN_TOKEN_DAYS,
    Access,
    PairingError,
    PairingStore,
    digest_of,
)
from archisync_gui.endpoint.pairing import COLLECT, MAX_ASKS, MAX_PENDING, OF_ONE_ORIGIN, TRIES, WINDOW, Pairing
from tests.support.hygiene import ExpectedErrors

OWN = "http://127.0.0.1:47800"
PAGE = "http://forms.example.test"


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self.mono = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the pairing never sleeps")

    def pass_(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.mono += seconds


class Counting:
    """Random bytes that a test can foresee and that never repeat."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = iter(range(1, 1_000_000))

    def __call__(self, count: int) -> bytes:
        return next(self._numbers).to_bytes(count)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pages.json"


@pytest.fixture
def pairing(file: Path, clock: HandClock) -> Pairing:
    random = Counting()
    return Pairing(PairingStore(file, clock=clock, random=random), clock=clock, random=random)


def ask(pairing: Pairing, origin: str | None = PAGE) -> tuple[str, str]:
    secret, digits, _ = pairing.ask(origin, "Modulo", [Access.SESSIONS], own=False)
    return secret, digits


def refusal(code: str) -> object:
    return pytest.raises(PairingError, match=f"^{code} ")


def test_a_page_gets_its_token_after_the_operator_typed_its_digits(pairing: Pairing) -> None:
    assert pairing.begin() == WINDOW
    secret, digits = ask(pairing)
    assert len(digits) == 6
    assert pairing.collect(secret, PAGE).state == "waiting"
    confirmed = pairing.confirm(f"{digits[:3]} {digits[3:]}", account="agente1")
    assert confirmed.origin == PAGE
    collected = pairing.collect(secret, PAGE)
    assert collected.token is not None
    page = pairing.store.find(collected.token)
    assert page is not None
    assert (page.origin, page.account, page.scopes) == (PAGE, "agente1", {Access.SESSIONS})
    with refusal("pairing-gone"):
        pairing.collect(secret, PAGE)


def test_nobody_can_ask_without_a_window(pairing: Pairing, clock: HandClock) -> None:
    with refusal("pairing-closed"):
        ask(pairing)
    pairing.begin()
    clock.pass_(WINDOW)
    with refusal("pairing-closed"):
        ask(pairing)
    with refusal("pairing-closed"):
        pairing.confirm("000000")


def test_a_pairing_id_is_good_only_for_its_own_origin(pairing: Pairing) -> None:
    pairing.begin()
    secret, digits = ask(pairing)
    pairing.confirm(digits)
    with refusal("pairing-gone"):
        pairing.collect(secret, "http://stranger.example.test")
    assert pairing.collect(secret, PAGE).state == "confirmed"


def test_three_wrong_numbers_close_the_window_and_refuse_all(pairing: Pairing) -> None:
    pairing.begin()
    secret, digits = ask(pairing)
    wrong = f"{(int(digits) + 1) % 1_000_000:06d}"
    for left in range(TRIES - 1, 0, -1):
        with refusal("pairing-digits"):
            pairing.confirm(wrong)
        assert pairing.tries_left == left
    with refusal("pairing-tries"):
        pairing.confirm(wrong)
    assert pairing.seconds_left == 0
    assert pairing.collect(secret, PAGE).state == "refused"
    with refusal("pairing-closed"):
        pairing.confirm(digits)


def test_a_confirmed_page_closes_the_window_for_the_others(pairing: Pairing) -> None:
    pairing.begin()
    _, digits = ask(pairing)
    other, other_digits = ask(pairing, "http://other.example.test")
    pairing.confirm(digits)
    assert pairing.collect(other, "http://other.example.test").state == "refused"
    with refusal("pairing-closed"):
        pairing.confirm(other_digits)


def test_a_confirmed_page_that_does_not_come_back_gets_nothing(pairing: Pairing, clock: HandClock) -> None:
    pairing.begin()
    secret, digits = ask(pairing)
    pairing.confirm(digits)
    clock.pass_(COLLECT)
    with refusal("pairing-gone"):
        pairing.collect(secret, PAGE)
    assert pairing.store.pages() == ()


def test_a_flood_cannot_fish_for_a_mistyped_number(pairing: Pairing) -> None:
    pairing.begin()
    for number in range(MAX_PENDING):
        ask(pairing, f"http://flood{number}.example.test")
    with refusal("pairing-full"):
        ask(pairing)
    assert len(pairing.pending()) == MAX_PENDING


def test_no_question_takes_the_place_of_another_while_its_page_comes_back(pairing: Pairing, clock: HandClock) -> None:
    pairing.begin()
    first, _ = ask(pairing)
    second, digits = ask(pairing)
    assert len(pairing.pending()) == 2
    for _ in range(3):
        clock.pass_(OWN_SILENCE - 1)
        assert pairing.collect(first, PAGE).state == "waiting"
    third, _ = ask(pairing)
    assert len(pairing.pending()) == 2, "the second page was closed: it has not come back"
    assert pairing.collect(third, PAGE).state == "waiting"
    with refusal("pairing-gone"):
        pairing.collect(second, PAGE)
    with refusal("pairing-digits"):
        pairing.confirm(digits)


def test_one_address_leaves_places_to_others(pairing: Pairing, clock: HandClock) -> None:
    """A page that asks again and again does not keep the page out that the operator has in front of him."""
    pairing.begin()
    insisting = "http://insists.example.test"
    secrets = [ask(pairing, insisting)[0] for _ in range(OF_ONE_ORIGIN)]
    for _ in range(2 * MAX_ASKS):
        with refusal("pairing-full"):
            ask(pairing, insisting)
        clock.pass_(1.0)
        assert {pairing.collect(secret, insisting).state for secret in secrets} == {"waiting"}
    _, digits = ask(pairing)
    assert pairing.confirm(digits).origin == PAGE


def test_questions_of_one_window_are_bounded(pairing: Pairing, clock: HandClock) -> None:
    pairing.begin()
    for _ in range(MAX_ASKS):
        with contextlib.suppress(PairingError):
            ask(pairing)
    clock.pass_(OWN_SILENCE)
    with refusal("pairing-full"):
        ask(pairing)
    for number in range(MAX_ASKS - 1):
        with contextlib.suppress(PairingError):
            ask(pairing, f"http://s{number}.example.test")
    clock.pass_(OWN_SILENCE)
    with refusal("pairing-full"):
        ask(pairing, "http://another.example.test")
    pairing.begin()
    ask(pairing)


# ------------------------------------------------------------------------------------------------ our own form


def own(pairing: Pairing) -> tuple[str, str | None]:
    secret, digits, _ = pairing.ask(OWN, "Archisync", [Access.SESSIONS], own=True)
    return secret, digits


def test_a_program_cannot_take_over_the_consent_for_our_own_form(pairing: Pairing) -> None:
    """A program on the same computer can send the same question with the same origin and name."""
    form, shown = own(pairing)
    assert shown is None
    (asked,) = pairing.pending()
    program, program_digits = own(pairing)
    assert program_digits is not None
    with refusal("pairing-needs-digits"):
        pairing.approve(asked.id)
    assert all(waiting.needs_digits for waiting in pairing.pending())
    form_digits = pairing.collect(form, OWN).digits
    assert form_digits is not None
    assert form_digits != program_digits
    pairing.confirm_own(form_digits)
    assert pairing.collect(form, OWN).state == "confirmed"
    assert pairing.collect(program, OWN).state == "refused"


def test_the_first_question_is_no_better_than_the_second(pairing: Pairing) -> None:
    program, _ = own(pairing)
    form, digits = own(pairing)
    assert digits is not None
    pairing.confirm_own(digits)
    assert pairing.collect(form, OWN).state == "confirmed"
    assert pairing.collect(program, OWN).state == "refused"


def test_digits_of_our_own_forms_can_be_typed_three_times(pairing: Pairing) -> None:
    first, _ = own(pairing)
    second, _ = own(pairing)
    for left in range(TRIES - 1, 0, -1):
        with refusal("pairing-digits") as refused:
            pairing.confirm_own("000000")
        assert refused.value.params["left"] == left
    with refusal("pairing-tries"):
        pairing.confirm_own("000000")
    assert {pairing.collect(secret, OWN).state for secret in (first, second)} == {"refused"}
    with refusal("pairing-gone"):
        pairing.confirm_own("000000")


def test_questions_of_our_own_form_are_bounded(pairing: Pairing, clock: HandClock) -> None:
    for _ in range(MAX_PENDING):
        own(pairing)
    for _ in range(MAX_ASKS):
        with refusal("pairing-full"):
            own(pairing)
    clock.pass_(OWN_SILENCE)
    assert pairing.pending() == ()
    with refusal("pairing-full"):
        own(pairing)
    clock.pass_(WINDOW)
    assert own(pairing)[1] is None


def test_a_form_that_was_closed_does_not_wait_any_more(pairing: Pairing, clock: HandClock) -> None:
    secret, _ = own(pairing)
    (asked,) = pairing.pending()
    clock.pass_(OWN_SILENCE - 1)
    pairing.collect(secret, OWN)
    clock.pass_(OWN_SILENCE - 1)
    assert pairing.pending()
    clock.pass_(1)
    with refusal("pairing-gone"):
        pairing.approve(asked.id)
    assert own(pairing)[1] is None


def test_a_page_that_is_granted_nothing_is_not_let_in(pairing: Pairing) -> None:
    pairing.begin()
    _, digits, _ = pairing.ask(PAGE, "Modulo", [Access.OPERATE], own=False)
    assert digits is not None
    with refusal("pairing-no-scope"):
        pairing.confirm(digits, scopes=[Access.SESSIONS])
    assert len(pairing.pending()) == 1


@pytest.mark.parametrize("typed", ["{digits}", " {digits} ", "{first} {last}", "{first}-{last}"])
def test_how_digits_may_be_typed(pairing: Pairing, typed: str) -> None:
    pairing.begin()
    _, digits = ask(pairing)
    pairing.confirm(typed.format(digits=digits, first=digits[:3], last=digits[3:]))


def test_the_panel_may_narrow_what_a_page_asked_for(pairing: Pairing) -> None:
    pairing.begin()
    secret, digits, _ = pairing.ask(PAGE, "Modulo", [Access.SESSIONS, Access.OPERATE], own=False)
    pairing.confirm(digits, scopes=[Access.SESSIONS, Access.WATCH])
    collected = pairing.collect(secret, PAGE)
    assert collected.page is not None
    assert collected.page.scopes == {Access.SESSIONS}


def test_our_own_form_is_let_in_by_one_click_and_without_a_window(pairing: Pairing) -> None:
    secret, _, _ = pairing.ask(OWN, "Archisync", [Access.SESSIONS], own=True)
    (waiting,) = pairing.pending()
    assert waiting.own
    pairing.begin()
    with refusal("pairing-digits"):
        pairing.confirm("000000")
    pairing.approve(waiting.id, account="agente2")
    collected = pairing.collect(secret, OWN)
    assert collected.page is not None
    assert collected.page.own
    assert pairing.store.pages() == ()
    assert pairing.store.origins() == frozenset()
    with refusal("pairing-gone"):
        pairing.approve(waiting.id)


def test_a_refused_page_learns_it_once(pairing: Pairing) -> None:
    secret, _, _ = pairing.ask(OWN, "Archisync", [Access.SESSIONS], own=True)
    pairing.refuse(pairing.pending()[0].id)
    assert pairing.collect(secret, OWN).state == "refused"
    with refusal("pairing-gone"):
        pairing.collect(secret, OWN)


def test_a_one_time_code_works_once_and_for_thirty_seconds(pairing: Pairing, clock: HandClock) -> None:
    code = pairing.one_time_code("agente1")
    page, token = pairing.redeem(code, OWN, "Archisync")
    assert (page.account, page.own) == ("agente1", True)
    assert pairing.store.find(token) == page
    clock.pass_(CODE_LIFE)
    with refusal("pairing-code"):
        pairing.redeem(code, OWN, "Archisync")
    assert pairing.store.find(token) == page, "who keeps an old address revokes nothing"
    late = pairing.one_time_code()
    clock.pass_(CODE_LIFE)
    with refusal("pairing-code"):
        pairing.redeem(late, OWN, "Archisync")


def test_a_one_time_code_that_comes_again_ends_what_it_gave(pairing: Pairing, clock: HandClock) -> None:
    """Whoever was first: the operator's form or who read the code on the way to the browser."""
    told: list[None] = []
    pairing.subscribe(lambda: told.append(None))
    code = pairing.one_time_code("agente1")
    page, token = pairing.redeem(code, OWN, "Archisync")
    assert page.id in pairing.store.ids()
    clock.pass_(CODE_LIFE / 2)
    told.clear()
    for _ in range(2):
        with refusal("pairing-code"):
            pairing.redeem(code, OWN, "Archisync")
        assert told, "the panel is told that the page is gone"
        assert pairing.store.find(token) is None
        assert page.id not in pairing.store.ids()
    assert pairing.redeem(pairing.one_time_code(), OWN, "Archisync")[0].id != page.id


def test_listeners_hear_each_change_and_a_broken_one_harms_nobody(pairing: Pairing, hygiene: ExpectedErrors) -> None:
    hygiene("a listener of the pairing failed")
    heard: list[int] = []

    def broken() -> None:
        raise RuntimeError("a listener's bug")

    pairing.subscribe(broken)
    stop = pairing.subscribe(lambda: heard.append(len(pairing.pending())))
    pairing.begin()
    _, digits = ask(pairing)
    pairing.confirm(digits)
    assert heard == [0, 1, 0]
    stop()
    pairing.begin()
    assert len(heard) == 3


# ------------------------------------------------------------------------------------------------ the file


def test_the_file_holds_no_token_and_only_this_user_can_read_it(file: Path, clock: HandClock) -> None:
    store = PairingStore(file, clock=clock)
    _, token = store.add("Modulo", PAGE, [Access.SESSIONS], "agente1")
    assert len(token) >= 43
    assert token not in file.read_text(encoding="utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_pages_survive_a_restart_and_a_revoked_one_does_not(file: Path, clock: HandClock) -> None:
    store = PairingStore(file, clock=clock)
    kept, token = store.add("Modulo", PAGE, [Access.SESSIONS, Access.WATCH], None)
    gone, gone_token = store.add("Programma", None, [Access.OPERATE], None)
    assert store.revoke(gone.id)
    assert not store.revoke(gone.id)
    again = PairingStore(file, clock=clock)
    assert again.pages() == (kept,)
    assert again.find(gone_token) is None
    used = again.find(token)
    assert used is not None
    assert used.last_used == clock.now()


def test_last_use_is_not_written_at_every_call(file: Path, clock: HandClock) -> None:
    store = PairingStore(file, clock=clock)
    _, token = store.add("Modulo", PAGE, [Access.SESSIONS], None)
    store.find(token)
    first = file.stat().st_mtime_ns, file.stat().st_ino
    clock.pass_(30)
    store.find(token)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == first
    clock.pass_(31)
    store.find(token)
    assert file.stat().st_ino != first[1] or file.stat().st_mtime_ns != first[0]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"version": 1}',
        '{"version": 1, "pages": 5}',
        "[" * 100_000,
        '{"version": 2, "pages": []}',
        '{"version": 1, "pages": [{}]}',
        '{"version": 1, "pages": [null, 5, "x"]}',
    ],
)
def test_of_a_damaged_file_a_copy_is_kept(file: Path, clock: HandClock, content: str, hygiene: ExpectedErrors) -> None:
    hygiene.allow("paired pages: .* is unreadable .*kept as .*pages.json.damaged-")
    file.write_text(content, encoding="utf-8")
    store = PairingStore(file, clock=clock)
    assert store.pages() == ()
    (kept,) = file.parent.glob("pages.json.damaged-*")
    assert kept.read_text(encoding="utf-8") == content
    store.add("Modulo", PAGE, [Access.SESSIONS], None)
    assert json.loads(file.read_text(encoding="utf-8"))["version"] == 1


def test_a_file_that_cannot_be_read_for_a_while_costs_no_page(
    file: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch, hygiene: ExpectedErrors
) -> None:
    """A virus scanner holds it: it may be in order, so it is neither taken for empty nor written over."""
    hygiene(r"archisync_gui\.endpoint\.paired_pages: paired pages: .* cannot be read and stays as it is")
    store = PairingStore(file, clock=clock)
    form, token = store.add("form", "https://form.example.test", [Access.SESSIONS], None)
    _, revoked = store.add("excel", None, [Access.WATCH], None)
    gone, _ = store.add("gone", None, [Access.WATCH], None)
    store.revoke(gone.id)
    before = file.read_bytes()
    with monkeypatch.context() as held:

        def refuse(path: Path) -> object:
            raise PermissionError(13, "in use", str(path))

        held.setattr("archisync_gui.endpoint.paired_pages.read_json", refuse)
        again = PairingStore(file, clock=clock)
        assert again.find(token) is None
        with pytest.raises(PairingError, match="pairing-not-saved"):
            again.add("new tab", "http://127.0.0.1:1", [Access.SESSIONS], None, own=True)
        assert not again.revoke(form.id)
        again.take({digest_of(revoked).hex(): None})  # the office has revoked it
        assert file.read_bytes() == before
    assert digest_of(token) in again.digests()  # asked first: nobody shows a token before the panel has proved itself
    found = again.find(token)
    assert found is not None
    assert found.id == form.id
    assert again.find(revoked) is None
    assert [page.name for page in again.pages()] == ["form"]
    again.add("new tab", "http://127.0.0.1:1", [Access.SESSIONS], None, own=True)
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert {page["name"] for page in kept["pages"]} == {"form", "new tab"}
    assert len(kept["revoked"]) == 1
    assert not list(file.parent.glob("*.damaged*"))


def test_tokens_of_our_own_tabs_do_not_pile_up(file: Path, clock: HandClock) -> None:
    store = PairingStore(file, clock=clock)
    _, first = store.add("Archisync", OWN, [Access.SESSIONS], None, own=True)
    for _ in range(MAX_OWN_TOKENS):
        _, last = store.add("Archisync", OWN, [Access.SESSIONS], None, own=True)
    assert store.find(first) is None
    assert store.find(last) is not None
    clock.pass_(OWN_TOKEN_DAYS * 86400 + 1)
    assert PairingStore(file, clock=clock).find(last) is None


def test_a_tab_that_works_keeps_its_token_however_many_came_after_it(file: Path, clock: HandClock) -> None:
    store = PairingStore(file, clock=clock)
    _, at_work = store.add("Archisync", OWN, [Access.SESSIONS], None, own=True)
    _, closed = store.add("Archisync", OWN, [Access.SESSIONS], None, own=True)
    clock.pass_(OWN_TOKEN_DAYS * 86400 - 3600)  # unused for long, but still good
    for _ in range(MAX_OWN_TOKENS):
        clock.pass_(60)
        assert store.find(at_work) is not None
        store.add("Archisync", OWN, [Access.SESSIONS], None, own=True)
    assert store.find(at_work) is not None
    assert store.find(closed) is None
    clock.wall -= timedelta(days=3650)  # it was ahead
    _, new = store.add("Archisync", OWN, [Access.SESSIONS], None, own=True)
    assert store.find(new) is not None


def test_a_clock_that_was_wrong_costs_no_token(file: Path, clock: HandClock) -> None:
    _, token = PairingStore(file, clock=clock).add("Archisync", OWN, [Access.SESSIONS], None, own=True)
    right = clock.wall
    clock.wall = right + timedelta(days=3650)
    ahead = PairingStore(file, clock=clock)
    assert ahead.find(token) is None
    ahead.add("Modulo", PAGE, [Access.SESSIONS], None)
    clock.wall = right - timedelta(days=3650)
    assert PairingStore(file, clock=clock).find(token) is not None
    clock.wall = right
    assert PairingStore(file, clock=clock).find(token) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": ["everything"]},
        {"account": 5},
        {"origin": ["x"]},
        {"hash": "zz"},
        {"created": "yesterday"},
        {"lastUsed": "2026-01-05T09:00:00"},
        {"lastUsed": "0001-01-01T00:00:00+14:00"},
        {"scopes": None},
    ],
)
def test_one_bad_page_costs_no_other(file: Path, clock: HandClock, wrong: dict[str, object]) -> None:
    store = PairingStore(file, clock=clock)
    _, bad = store.add("Cattiva", None, [Access.SESSIONS], "agente1")
    _, good = store.add("Buona", PAGE, [Access.SESSIONS], "agente1")
    document = json.loads(file.read_text(encoding="utf-8"))
    document["pages"][0] |= wrong
    file.write_text(json.dumps(document), encoding="utf-8")
    again = PairingStore(file, clock=clock)
    assert again.find(good) is not None
    assert again.find(bad) is None, "least of all for more than it was given for"
    (kept,) = file.parent.glob("pages.json.damaged-*")
    assert json.loads(kept.read_text(encoding="utf-8")) == document


def test_a_disk_that_refuses_lets_nobody_in_and_keeps_a_revoked_page_out(
    file: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PairingStore(file, clock=clock)
    page, token = store.add("Modulo", PAGE, [Access.SESSIONS], None)

    def full(path: Path, content: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "replace_file", full)
    with refusal("pairing-not-saved"):
        store.add("Altro", None, [Access.SESSIONS], None)
    assert [known.id for known in store.pages()] == [page.id]
    with refusal("pairing-not-saved"):
        store.revoke(page.id)
    assert store.find(token) is None


async def test_a_late_write_of_the_last_use_does_not_bring_a_revoked_page_back(file: Path, clock: HandClock) -> None:
    store = PairingStore(file, clock=clock)
    page, token = store.add("Modulo", PAGE, [Access.SESSIONS], None)
    clock.pass_(61)
    before = store._snapshot()
    store.find(token)
    store.revoke(page.id)
    store._write(*before)
    assert PairingStore(file, clock=clock).find(token) is None
