"""Pairing over HTTP: a foreign page, a program, our own form; replayed, guessed and flooded."""

from __future__ import annotations

from archisync_gui.endpoint.paired_pages import Access
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
    used = await office.ask("POST", PAIR, own, body={"code": code})
    assert (used.status, used.code) == (410, "pairing-code")
    token = {"Authorization": f"Bearer {done.json['token']}"}
    reading = token | {"Sec-Fetch-Site": "same-origin"}
    assert (await office.ask("GET", "/api/drafts", reading)).status == 200
    assert (await office.ask("GET", "/api/drafts", token)).code == "token-origin"
    assert (await office.ask("GET", "/api/drafts", token | {"Origin": PAGE})).code == "token-origin"


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
