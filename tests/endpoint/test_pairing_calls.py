"""Pairing over HTTP: a foreign page, a program, our own form; replayed, guessed and flooded."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from archisync_gui.endpoint import peer
from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.endpoint.peer import may_know, user_of
from archisync_gui.endpoint.port import listen
from tests.endpoint.office import PAGE, STRANGER, Office

PAIR = "/api/pair"


async def test_a_foreign_page_is_paired_by_its_six_digits(office: Office) -> None:
    stranger = {"Origin": STRANGER, "Sec-Fetch-Site": "cross-site"}
    closed = await office.ask("POST", PAIR, stranger, body={"name": "Modulo"})
    assert (closed.status, closed.code) == (403, "pairing-closed")
    assert "Access-Control-Allow-Origin" not in closed.headers
    office.endpoint.pairing.begin()
    asked = await office.ask("POST", PAIR, stranger, body={"name": "  Mo\ndulo <b>", "scopes": ["sessions", "watch"]})
    assert asked.status == 202
    assert asked.headers["Access-Control-Allow-Origin"] == STRANGER
    again = {"pairingId": asked.json["pairingId"]}
    assert (await office.ask("POST", PAIR, stranger, body=again)).status == 202
    (waiting,) = office.endpoint.pairing.pending()
    assert (waiting.name, waiting.origin) == ("Mo dulo <b>", STRANGER)
    office.endpoint.pairing.confirm(asked.json["digits"], account="agente2")
    done = await office.ask("POST", PAIR, stranger, body=again)
    assert (done.status, done.json["account"], done.json["scopes"]) == (200, "agente2", ["sessions", "watch"])
    assert done.json["profileId"] == "profile-1"
    held = stranger | {"Authorization": f"Bearer {done.json['token']}"}
    assert (await office.ask("GET", "/api/sync/status", held)).status == 200
    replayed = await office.ask("POST", PAIR, stranger, body=again)
    assert (replayed.status, replayed.code) == (410, "pairing-gone")


async def test_a_pairing_id_of_another_origin_is_worth_nothing(office: Office) -> None:
    office.endpoint.pairing.begin()
    asked = await office.ask("POST", PAIR, {"Origin": STRANGER}, body={"name": "Modulo"})
    office.endpoint.pairing.confirm(asked.json["digits"])
    stolen = await office.ask("POST", PAIR, {"Origin": PAGE}, body={"pairingId": asked.json["pairingId"]})
    assert (stolen.status, stolen.code) == (410, "pairing-gone")


async def test_guesses_are_limited(office: Office) -> None:
    guesses = [await office.ask("POST", PAIR, {"Origin": PAGE}, body={"pairingId": f"{n:032d}"}) for n in range(11)]
    # PAGE is paired, so it is heard at any time; what it guesses is not.
    assert [answer.status for answer in guesses] == [410] * 10 + [429]


async def test_a_flood_is_refused(office: Office) -> None:
    office.endpoint.pairing.begin()
    origins = [f"http://flood{n}.example.test" for n in range(5)]
    answers = [await office.ask("POST", PAIR, {"Origin": origin}, body={"name": "x"}) for origin in origins]
    assert [answer.status for answer in answers] == [202] * 3 + [429] * 2


async def test_a_refused_page_learns_it(office: Office) -> None:
    office.endpoint.pairing.begin()
    asked = await office.ask("POST", PAIR, {"Origin": STRANGER}, body={"name": "Modulo"})
    office.endpoint.pairing.cancel()
    answer = await office.ask("POST", PAIR, {"Origin": STRANGER}, body={"pairingId": asked.json["pairingId"]})
    assert (answer.status, answer.code) == (403, "pairing-refused")
    assert answer.headers["Access-Control-Allow-Origin"] == STRANGER


async def test_a_program_is_paired_without_origin(office: Office) -> None:
    assert (await office.ask("POST", PAIR, body={"name": "Programma"})).code == "pairing-closed"
    office.endpoint.pairing.begin()
    asked = await office.ask("POST", PAIR, body={"name": "Programma", "scopes": ["operate"]})
    office.endpoint.pairing.confirm(asked.json["digits"])
    done = await office.ask("POST", PAIR, body={"pairingId": asked.json["pairingId"]})
    held = {"Authorization": f"Bearer {done.json['token']}"}
    assert (await office.ask("POST", "/api/sync/hold", held)).status == 200


async def test_the_null_origin_is_never_heard(office: Office) -> None:
    office.endpoint.pairing.begin()
    answer = await office.ask("POST", PAIR, {"Origin": "null"}, body={"name": "Modulo"})
    assert (answer.status, answer.code) == (403, "origin-refused")


async def test_our_own_form_comes_in_with_its_code(office: Office) -> None:
    own = {"Origin": office.url, "Sec-Fetch-Site": "same-origin"}
    url = office.endpoint.order_form_url("agente2")
    assert url.startswith(office.url + "/order-form#code=")
    code = url.partition("#code=")[2]
    assert (await office.ask("POST", PAIR, {"Origin": PAGE}, body={"code": code})).status == 403
    done = await office.ask("POST", PAIR, own, body={"code": code})
    assert (done.status, done.json["account"], done.json["scopes"]) == (200, "agente2", ["sessions"])
    token = {"Authorization": f"Bearer {done.json['token']}"}
    reading = token | {"Sec-Fetch-Site": "same-origin"}
    assert (await office.ask("GET", "/api/drafts", reading)).status == 200
    assert (await office.ask("GET", "/api/drafts", token)).code == "token-origin"
    assert (await office.ask("GET", "/api/drafts", token | {"Origin": PAGE})).code == "token-origin"


async def test_a_code_that_comes_again_ends_what_it_gave(office: Office) -> None:
    own = {"Origin": office.url, "Sec-Fetch-Site": "same-origin"}
    code = office.endpoint.order_form_url().partition("#code=")[2]
    done = await office.ask("POST", PAIR, own, body={"code": code})
    used = await office.ask("POST", PAIR, own, body={"code": code})
    assert (used.status, used.code) == (410, "pairing-code")
    token = {"Authorization": f"Bearer {done.json['token']}", "Sec-Fetch-Site": "same-origin"}
    assert (await office.ask("GET", "/api/drafts", token)).code == "token-unknown"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux: other users read a program's arguments there")
async def test_another_users_program_cannot_use_the_code_it_has_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"Origin": office.url, "Sec-Fetch-Site": "same-origin"}
    code = office.endpoint.order_form_url().partition("#code=")[2]
    uid = os.getuid()
    with monkeypatch.context() as other:
        other.setattr(peer, "user_of", lambda *ends: {uid: uid + 1}.get(user_of(*ends)))
        stolen = await office.ask("POST", PAIR, own, body={"code": code})
        assert (stolen.status, stolen.code) == (410, "pairing-code")
    done = await office.ask("POST", PAIR, own, body={"code": code})
    assert done.status == 200, "the form that it was meant for comes in"
    with monkeypatch.context() as other:
        other.setattr(peer, "user_of", lambda *ends: {uid: uid + 1}.get(user_of(*ends)))
        assert (await office.ask("POST", PAIR, own, body={"code": code})).status == 410
    token = {"Authorization": f"Bearer {done.json['token']}", "Sec-Fetch-Site": "same-origin"}
    assert (await office.ask("GET", "/api/drafts", token)).status == 200, "and is not put out by a late thief"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux: its kernel tells whose a connection is")
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_kernel_tells_whose_a_connection_is(family: socket.AddressFamily) -> None:
    with listen(0) as listening, socket.socket(family) as client:
        port = listening.getsockname()[1]
        client.connect(("::ffff:127.0.0.1" if family == socket.AF_INET6 else "127.0.0.1", port))
        ours, theirs = listening.accept()
        with ours:
            assert user_of(theirs, ours.getsockname(), peer._rows()) == os.getuid()
            assert may_know(theirs, ours.getsockname())
            assert not may_know((theirs[0], 1), ours.getsockname())


def test_a_row_of_an_ended_connection_names_nobody() -> None:
    row = "  1: 0100007F:%04X 0100007F:%04X %s 00000000:00000000 00:00000000 00000000  %d  0 4711 1 0 20 4 30 10 -1"
    local = socket.inet_aton("127.0.0.1")
    rows = [
        (row % (5000, 47800, state, user)).replace("0100007F", f"{int.from_bytes(local, sys.byteorder):08X}")
        for state, user in (("06", 0), ("01", 1001))
    ]
    ends = ("127.0.0.1", 5000), ("127.0.0.1", 47800)
    assert user_of(*ends, rows) == 1001
    assert user_of(*ends, rows[:1]) is None
    assert user_of(*ends[::-1], rows) is None
    assert user_of(*ends, ["", "  sl  local_address rem_address   st"]) is None


async def test_our_own_form_from_a_bookmark_needs_one_click(office: Office) -> None:
    own = {"Origin": office.url, "Sec-Fetch-Site": "same-origin"}
    asked = await office.ask("POST", PAIR, own, body={"name": "Modulo ordini"})
    assert (asked.status, asked.json["digits"]) == (202, None)
    (waiting,) = office.endpoint.pairing.pending()
    office.endpoint.pairing.approve(waiting.id)
    done = await office.ask("POST", PAIR, own, body={"pairingId": asked.json["pairingId"]})
    assert done.status == 200


async def test_our_own_form_keeps_the_account_with_which_it_began(office: Office) -> None:
    own = {"Origin": office.url, "Sec-Fetch-Site": "same-origin"}
    code = office.endpoint.order_form_url().partition("#code=")[2]
    done = await office.ask("POST", PAIR, own, body={"code": code})
    assert done.json["account"] == "agente1"
    _, earlier = office.pages.add("Archisync", office.url, [Access.SESSIONS], None, own=True)  # of the version before
    office.orchestrator.accounts = ("agente2", "agente1")
    for token, account in ((done.json["token"], "agente1"), (earlier, "agente2")):
        told = await office.ask("GET", "/api/drafts/browser-key", own | {"Authorization": f"Bearer {token}"})
        assert told.json["account"] == account
    office.orchestrator.accounts = ("agente1", "agente2")
    told = await office.ask("GET", "/api/drafts/browser-key", own | {"Authorization": f"Bearer {earlier}"})
    assert told.json["account"] == "agente2"


async def test_a_question_without_name(office: Office) -> None:
    office.endpoint.pairing.begin()
    answer = await office.ask("POST", PAIR, {"Origin": STRANGER}, body={})
    assert (answer.status, answer.json["field"]) == (422, "name")
