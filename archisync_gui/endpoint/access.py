"""Two calls that need no token: health, and the pairing of pages, programs and our own order form."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import NoReturn

from archisync_gui.endpoint import contract, proof
from archisync_gui.endpoint.gate import Refusal, field_error
from archisync_gui.endpoint.paired_pages import Page, PairingError
from archisync_gui.endpoint.peer import may_know
from archisync_gui.endpoint.routing import Call, Reply
from archisync_gui.endpoint.sessions import enabled_accounts

log = logging.getLogger(__name__)


async def health(call: Call) -> Reply:
    """``GET /api/health``; with ``name`` and ``nonce`` it proves that the panel answers."""
    services = call.services
    query: contract.HealthQuery = call.query
    shown = None
    if query.name is not None and query.nonce is not None:
        # An unknown name means that the token was revoked. So a page learns that without sending its token.
        shown = proof.prove(_keys(call), query.name, services.gate.own_origin, query.nonce)
        if shown is None:
            raise Refusal("token-unknown", field="name")
    elif query.name is not None or query.nonce is not None:
        raise field_error("query-invalid", "name" if query.name is None else "nonce", "missing")
    return Reply(
        contract.HealthAnswer(
            message=call.say("health"), version=services.version, profile_id=services.profile_id, proof=shown
        )
    )


def _keys(call: Call) -> Iterator[bytes]:
    """All keys with which the panel can prove that it is the panel."""
    yield from call.services.pairing.store.digests()
    for account in enabled_accounts(call.services.orchestrator.get_status()):
        if (key := call.services.browser_keys.key(account)) is not None:
            yield key


async def pair(call: Call) -> Reply:
    """``POST /api/pair``: asks to be paired, asks again with the pairing id, or redeems our own form's one-time
    code."""
    body: contract.PairBody = call.body
    try:
        if body.code is not None:
            return await _redeem(call, body.code)
        if body.pairing_id is not None:
            return _collect(call, body.pairing_id)
        return _ask(call, body)
    except PairingError as error:
        _refuse(call, error)


def _ask(call: Call, body: contract.PairBody) -> Reply:
    if body.name is None:
        raise field_error("body-invalid", "name", "missing")
    pairing = call.services.pairing
    asked = pairing.ask(call.caller.origin, body.name, body.wanted(), own=_own(call))
    return Reply(
        contract.PairWaiting(
            message=call.say("pairing-own" if asked.digits is None else "pairing-waiting"),
            pairing_id=asked.secret,
            digits=asked.digits,
            expires_in=int(asked.seconds),
            profile_id=call.services.profile_id,
        ),
        202,
    )


def _collect(call: Call, secret: str) -> Reply:
    collected = call.services.pairing.collect(secret, call.caller.origin)
    match collected.state:
        case "waiting":
            return Reply(
                contract.PairWaiting(
                    message=call.say("pairing-waiting"),
                    pairing_id=secret,
                    digits=collected.digits,
                    expires_in=int(collected.seconds_left),
                    profile_id=call.services.profile_id,
                ),
                202,
            )
        case "refused":
            raise Refusal("pairing-refused")
        case "confirmed":
            assert collected.page is not None
            assert collected.token is not None
            return _done(call, collected.page, collected.token)


async def _redeem(call: Call, code: str) -> Reply:
    if not _own(call):
        raise Refusal("origin-refused", header="Origin")
    transport = call.request.transport
    ends = [transport.get_extra_info(name) for name in ("peername", "sockname")] if transport is not None else []
    if not ends or not await asyncio.to_thread(may_know, *ends):
        # Another user has read the code from the browser's command line. It stays valid: the form redeems it shortly.
        log.warning("a program of another user presented a code of the order form")
        raise PairingError("pairing-code")
    return _done(call, *call.services.pairing.redeem(code, call.services.gate.own_origin, "Archisync"))


def _done(call: Call, page: Page, token: str) -> Reply:
    known = enabled_accounts(call.services.orchestrator.get_status())
    if page.own and page.account is None and known:
        page = call.services.pairing.store.fix_account(page, known[0])
    return Reply(
        contract.PairDone(
            message=call.say("paired"),
            token=token,
            name=page.name,
            scopes=sorted(page.scopes),
            account=page.account,
            profile_id=call.services.profile_id,
        )
    )


def _own(call: Call) -> bool:
    return call.caller.origin == call.services.gate.own_origin


def _refuse(call: Call, error: PairingError) -> NoReturn:
    refusal = Refusal(error.code, params=error.params)
    guess = error.code in ("pairing-gone", "pairing-code")
    raise call.services.gate.failed(call.caller, refusal) if guess else refusal
