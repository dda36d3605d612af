"""The calls for drafts of orders: versions in ETag and If-Match, typed documents; kept by ``archisync_gui.drafts``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import hdrs

from archisync_gui.drafts import DraftConflict
from archisync_gui.endpoint import contract
from archisync_gui.endpoint.gate import Refusal, wrong
from archisync_gui.endpoint.routing import Call, Reply
from archisync_gui.endpoint.sessions import caller_account
from archisync_gui.model import as_json

if TYPE_CHECKING:
    from archisync_gui.drafts import Draft


VERSION = r'^"([1-9][0-9]{0,8})"$'
"""A draft's version in ``ETag`` and ``If-Match``."""


async def drafts(call: Call) -> Reply:
    """``GET /api/drafts``."""
    kept = await call.services.drafts.list(caller_account(call))
    message = call.say("drafts-told", total=len(kept))
    return Reply(contract.DraftsAnswer(message=message, drafts=[_told(draft) for draft in kept], total=len(kept)))


async def draft(call: Call) -> Reply:
    """``GET /api/drafts/{id}``."""
    kept = await call.services.drafts.get(caller_account(call), _id(call))
    if kept is None:
        raise Refusal("no-such-draft", field="id")
    return Reply(contract.DraftAnswer(message=call.say("row-told"), draft=_told(kept)), headers=_etag(kept))


async def put_draft(call: Call) -> Reply:
    """``PUT /api/drafts/{id}``: without ``If-Match`` a new draft, with it the next version of the one seen."""
    body: contract.DraftDocument = call.body
    account = caller_account(call)
    document = as_json(body.model_dump(by_alias=True, mode="json"))
    try:
        kept = await call.services.drafts.put(account, _id(call), document, if_match=_seen(call))
    except DraftConflict as conflict:
        raise _conflict(conflict) from None
    total = len(await call.services.drafts.list(account))
    answer = contract.DraftSaved(message=call.say("draft-saved", total=total), draft=_told(kept), total=total)
    return Reply(answer, 201 if kept.version == 1 else 200, _etag(kept))


async def delete_draft(call: Call) -> Reply:
    """``DELETE /api/drafts/{id}``; a draft that is gone already is no error."""
    account = caller_account(call)
    try:
        await call.services.drafts.delete(account, _id(call), if_match=_seen(call))
    except DraftConflict as conflict:
        raise _conflict(conflict) from None
    total = len(await call.services.drafts.list(account))
    return Reply(contract.DraftDeleted(message=call.say("draft-deleted"), total=total))


def _told(kept: Draft) -> contract.DraftState:
    return contract.DraftState(
        id=kept.id,
        version=kept.version,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        document=dict(kept.document),
    )


def _etag(kept: Draft) -> dict[str, str]:
    return {hdrs.ETAG: f'"{kept.version}"'}


def _id(call: Call) -> str:
    draft_id = call.path["id"]
    if not re.fullmatch(contract.DRAFT_ID, draft_id):
        raise wrong("query-invalid", "id", "pattern")
    return draft_id


def _seen(call: Call) -> int | None:
    """The version the caller has seen."""
    header = call.request.headers.get(hdrs.IF_MATCH)
    if header is None:
        return None
    if not (match := re.fullmatch(VERSION, header.strip())):
        raise Refusal("draft-precondition", header=hdrs.IF_MATCH)
    return int(match[1])


def _conflict(conflict: DraftConflict) -> Refusal:
    current = conflict.current
    told = None if current is None else as_json(_told(current).model_dump(by_alias=True))
    return Refusal("draft-conflict", header=hdrs.IF_MATCH, extra={"current": told})
