"""What shows a page that the panel answers, computed here as the documentation says it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.endpoint.openapi import ABOUT
from tests.endpoint.office import PAGE, STRANGER, Office, running

NONCE = "n" * 32


def made(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def question(key: bytes, nonce: str = NONCE) -> str:
    return f"/api/health?name={made(key, 'archisync name')}&nonce={nonce}"


def proof(office: Office, key: bytes, nonce: str = NONCE) -> str:
    return made(key, f"archisync proof {office.url} {nonce}")


def of_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def test_the_panel_shows_that_it_knows_a_token(office: Office) -> None:
    key = of_token(office.token)
    for headers in ({"Origin": PAGE}, {"Origin": office.url}, {}):
        answer = await office.ask("GET", question(key), headers)
        assert (answer.status, answer.json["proof"]) == (200, proof(office, key))
    again = (await office.ask("GET", question(key, "m" * 22))).json["proof"]
    assert again == proof(office, key, "m" * 22) != proof(office, key)
    assert (await office.ask("GET", "/api/health")).json["proof"] is None
    assert (await office.ask("GET", question(key), {"Origin": STRANGER})).code == "origin-refused"


async def test_under_another_name_of_this_computer_the_proof_names_the_panels_address(office: Office) -> None:
    """Who passes a question on cannot have an address of its own in the proof."""
    key = of_token(office.token)
    answer = await office.ask("GET", question(key), {"Host": f"localhost:{office.endpoint.port}"})
    assert answer.json["proof"] == proof(office, key)


async def test_a_token_that_was_revoked_is_not_known_and_no_failed_try(office: Office) -> None:
    program = office.let_in(None)
    (page,) = [one for one in office.pages.pages() if one.origin is None]
    office.endpoint.pairing.revoke(page.id)
    for _ in range(50):
        answer = await office.ask("GET", question(of_token(program)))
        assert (answer.status, answer.code) == (401, "token-unknown")
        assert answer.json["hint"]
    assert (await office.page("GET", "/api/sync/status")).status == 200


async def test_the_order_forms_key_shows_it_too(office: Office) -> None:
    own = office.pages.add("Archisync", office.url, ["sessions"], "agente1", own=True)[1]  # type: ignore[list-item]
    headers = {"Origin": office.url, "Authorization": f"Bearer {own}"}
    told = (await office.ask("GET", "/api/drafts/browser-key", headers)).json
    key = base64.b64decode(told["key"])
    office.pages.revoke(next(iter(office.pages.ids() - {one.id for one in office.pages.pages()})))
    assert (await office.ask("GET", question(of_token(own)))).status == 401
    assert (await office.ask("GET", question(key))).json["proof"] == proof(office, key)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"?name={'0' * 64}", "nonce"),
        (f"?nonce={NONCE}", "name"),
        (f"?name={'0' * 63}&nonce={NONCE}", "name"),
        (f"?name={'G' * 64}&nonce={NONCE}", "name"),
        (f"?name={'0' * 64}&nonce=short", "nonce"),
        (f"?name={'0' * 64}&nonce={'n' * 129}", "nonce"),
        (f"?name={'0' * 64}&nonce={'%20' * 30}", "nonce"),
    ],
)
async def test_half_a_question_and_a_wrong_one_name_the_field(office: Office, query: str, field: str) -> None:
    answer = await office.ask("GET", "/api/health" + query)
    assert (answer.status, answer.code, answer.json["field"]) == (422, "query-invalid", field)


async def test_two_panels_show_different_things(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with running(tmp_path / "one") as one, running(tmp_path / "two") as two:
        key = of_token(one.token)
        assert (await two.ask("GET", question(key))).status == 401
        assert (await one.ask("GET", question(key))).json["proof"] != proof(two, key)


async def test_the_documents_recipe_gives_the_panels_proof(office: Office) -> None:
    """The example of ``/docs``, with its own token, name and proof."""
    example: dict[str, Any] = dict(re.findall(r"`(\w+)` = `([^`]+)`", ABOUT))
    key = of_token(example["token"])
    assert example["name"] == made(key, "archisync name")
    assert example["proof"] == made(key, f"archisync proof http://127.0.0.1:47800 {example['nonce']}")
    document = (await office.ask("GET", "/openapi.json")).json
    names = {one["name"] for one in document["paths"]["/api/health"]["get"]["parameters"]}
    assert {"name", "nonce"} <= names
