"""The calls for drafts of orders: versions in ETag and If-Match, typed documents; kept by ``archisync_gui.drafts``."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from archisync_gui import export as tables
from archisync_gui.drafts import DraftConflict, DraftsFull
from archisync_gui.endpoint import contract, draft_table
from archisync_gui.endpoint.gate import Refusal, wrong
from archisync_gui.endpoint.routing import Call, Reply
from archisync_gui.endpoint.sessions import caller_account
from archisync_gui.model import as_json

if TYPE_CHECKING:
    from archisync_gui.drafts import Draft


VERSION = r'^"([1-9][0-9]{0,8})"$'
"""A draft's version in ``ETag`` and ``If-Match``."""
PAGE_CHARACTERS = 500_000
"""A page of drafts is no larger, whatever its limit; a usual draft has 2,000."""


async def drafts(call: Call) -> Reply:
    """``GET /api/drafts``."""
    query: contract.DraftsQuery = call.query
    try:
        after = None if query.cursor is None else _cursor_read(query.cursor)
    except ValueError:
        raise wrong("query-invalid", "cursor", "value") from None
    # One more than asked for says whether there is a page after this one.
    kept, total = await call.services.drafts.page(caller_account(call), query.limit + 1, after)
    shown = _light(kept[: query.limit])
    following = _cursor(shown[-1]) if len(kept) > len(shown) else None
    message = call.say("drafts-told", total=total)
    told = [_told(draft) for draft in shown]
    return Reply(contract.DraftsAnswer(message=message, drafts=told, total=total, cursor=following))


def _light(drafts: Sequence[Draft]) -> Sequence[Draft]:
    """As many of the first drafts as together have about :data:`PAGE_CHARACTERS`, at least one: a larger answer would
    stop the window while it is made."""
    left = PAGE_CHARACTERS
    for count, draft in enumerate(drafts):
        if count and left <= 0:
            return drafts[:count]
        left -= len(str(draft.document))
    return drafts


async def past(call: Call) -> Reply:
    """``GET /api/drafts/past``: the last order of a customer, and the usual articles."""
    query: contract.PastQuery = call.query
    found = await call.services.drafts.past(caller_account(call), query.customer)
    message = call.say("past-told", total=len(found.lines))
    lines, usual = [dict(line) for line in found.lines], [dict(line) for line in found.usual]
    return Reply(contract.PastAnswer(message=message, lines=lines, at=found.at, usual=usual))


async def letterhead(call: Call) -> Reply:
    """``GET /api/drafts/letterhead``."""
    text = await call.services.drafts.letterhead(caller_account(call))
    return Reply(contract.LetterheadAnswer(message=call.say("letterhead-told"), text=text))


async def set_letterhead(call: Call) -> Reply:
    """``PUT /api/drafts/letterhead``."""
    body: contract.LetterheadBody = call.body
    await call.services.drafts.set_letterhead(caller_account(call), body.text)
    return Reply(contract.LetterheadAnswer(message=call.say("letterhead-told"), text=body.text))


async def export(call: Call) -> web.StreamResponse:
    """``GET /api/drafts/export``: all drafts, or one, made by the module that makes the panel's exports too."""
    query: contract.ExportQuery = call.query
    kept = [one for one in await call.services.drafts.list(caller_account(call)) if query.id in (None, one.id)]
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="archisync-"))
    path = folder / f"drafts.{query.format}"
    try:
        heads, rows = await asyncio.to_thread(draft_table.table, kept, call.language)
        body = await asyncio.to_thread((await tables.write(path, heads, rows)).read_bytes)
    finally:
        await asyncio.to_thread(_remove, folder)
    kinds = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    name = f'attachment; filename="archisync-drafts.{query.format}"'
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: kinds[query.format], hdrs.CONTENT_DISPOSITION: name})


def _remove(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


async def browser_key(call: Call) -> Reply:
    """``GET /api/drafts/browser-key``: to our own pages only, since it opens what they keep in the browser."""
    if not call.caller.own:
        raise Refusal("own-pages-only", header=hdrs.ORIGIN)
    account, keys = caller_account(call), call.services.browser_keys
    key = keys.key(account)
    here = call.services.gate.own_origin
    origins = [here, *(one for one in call.services.form_origins() if one != here)]
    addresses = [contract.FormAddress(origin=one, proof=keys.proof(account, one)) for one in origins]
    text = None if key is None else base64.b64encode(key).decode()
    message = call.say("browser-key-told")
    return Reply(contract.BrowserKeyAnswer(message=message, account=account, key=text, addresses=addresses))


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
    except DraftsFull:
        raise Refusal("drafts-full") from None
    total = await call.services.drafts.count(account)
    answer = contract.DraftSaved(message=call.say("draft-saved", total=total), draft=_told(kept), total=total)
    return Reply(answer, 201 if kept.version == 1 else 200, _etag(kept))


async def delete_draft(call: Call) -> Reply:
    """``DELETE /api/drafts/{id}``; a draft that is gone already is no error."""
    account = caller_account(call)
    try:
        await call.services.drafts.delete(account, _id(call), if_match=_seen(call))
    except DraftConflict as conflict:
        raise _conflict(conflict) from None
    total = await call.services.drafts.count(account)
    return Reply(contract.DraftDeleted(message=call.say("draft-deleted"), total=total))


def _told(kept: Draft) -> contract.DraftState:
    return contract.DraftState(
        id=kept.id,
        version=kept.version,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        document=dict(kept.document),
    )


def _cursor(kept: Draft) -> str:
    text = f"{kept.updated_at.isoformat()} {kept.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _cursor_read(cursor: str) -> tuple[datetime, str]:
    """When the last draft of the page before was saved, and its id. Raises ``ValueError`` for no cursor of ours."""
    try:
        at, _, draft_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
    except binascii.Error as error:
        raise ValueError("not a cursor of drafts") from error
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or moment.year not in contract.YEARS:  # else it may have no UTC
        raise ValueError("not a cursor of drafts")
    return moment, draft_id


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
