"""The calls for drafts of orders, with versions in ``ETag`` and ``If-Match``; ``archisync_gui.drafts`` stores them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from archisync_gui import export as tables
from archisync_gui.disk import remove_file
from archisync_gui.drafts import DraftConflict, DraftsFull
from archisync_gui.endpoint import contract, draft_table
from archisync_gui.endpoint.gate import Refusal, field_error
from archisync_gui.endpoint.port import own_origin
from archisync_gui.endpoint.routing import Call, Reply
from archisync_gui.endpoint.sessions import caller_account
from archisync_gui.model import as_json

if TYPE_CHECKING:
    from archisync_gui.drafts import Draft


VERSION = r'^"([1-9][0-9]{0,8})"$'
"""A draft's version in ``ETag`` and ``If-Match``."""
PAGE_CHARACTERS = 500_000
"""About the most characters in a page of drafts, whatever its limit; a usual draft has 2,000."""


async def drafts(call: Call) -> Reply:
    """``GET /api/drafts``."""
    query: contract.DraftsQuery = call.query
    try:
        after = None if query.cursor is None else _cursor_read(query.cursor)
    except ValueError:
        raise field_error("query-invalid", "cursor", "value") from None
    # One more draft than asked for shows whether there is a next page.
    kept, total = await call.services.drafts.page(caller_account(call), query.limit + 1, after)
    shown = _light(kept[: query.limit])
    following = _cursor(shown[-1]) if len(kept) > len(shown) else None
    message = call.say("drafts-told", total=total)
    states = [_draft_state(draft) for draft in shown]
    return Reply(contract.DraftsAnswer(message=message, drafts=states, total=total, cursor=following))


def _light(drafts: Sequence[Draft]) -> Sequence[Draft]:
    """As many of the first drafts as have about :data:`PAGE_CHARACTERS` together, at least one: making a larger answer
    would block the event loop, and with it the window, for too long."""
    left = PAGE_CHARACTERS
    for count, draft in enumerate(drafts):
        if count and left <= 0:
            return drafts[:count]
        left -= len(str(draft.document))
    return drafts


async def past(call: Call) -> Reply:
    """``GET /api/drafts/past``: a customer's last order, and the articles ordered most often."""
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
    """``GET /api/drafts/export``: all drafts, or one, as a file written by ``archisync_gui.export``."""
    query: contract.ExportQuery = call.query
    kept = [draft for draft in await call.services.drafts.list(caller_account(call)) if query.id in (None, draft.id)]
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
    """Remove a folder with its files, as far as possible: the answer does not depend on it."""
    with suppress(OSError):
        for file in folder.iterdir():
            remove_file(file)
        folder.rmdir()


async def browser_key(call: Call) -> Reply:
    """``GET /api/drafts/browser-key``: for our own pages only, since it decrypts what they store in the browser. A
    proof is given only for addresses at which the form was served: the form loads a hidden frame from each."""
    if not call.caller.own:
        raise Refusal("own-pages-only", header=hdrs.ORIGIN)
    account, keys = caller_account(call), call.services.browser_keys
    key = keys.key(account)
    here = call.services.gate.own_origin
    await asyncio.to_thread(keys.update)
    served = {here, *map(own_origin, keys.ports)}
    origins = [here, *(origin for origin in call.services.form_origins() if origin != here)]
    addresses = [
        contract.FormAddress(origin=origin, proof=keys.proof(account, origin) if origin in served else None)
        for origin in origins
    ]
    text = None if key is None else base64.b64encode(key).decode()
    message = call.say("browser-key-told")
    return Reply(contract.BrowserKeyAnswer(message=message, account=account, key=text, addresses=addresses))


async def draft(call: Call) -> Reply:
    """``GET /api/drafts/{id}``."""
    kept = await call.services.drafts.get(caller_account(call), _id(call))
    if kept is None:
        raise Refusal("no-such-draft", field="id")
    return Reply(contract.DraftAnswer(message=call.say("row-told"), draft=_draft_state(kept)), headers=_etag(kept))


async def put_draft(call: Call) -> Reply:
    """``PUT /api/drafts/{id}``: a new draft without ``If-Match``, else the next version of the one it names."""
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
    answer = contract.DraftSaved(message=call.say("draft-saved", total=total), draft=_draft_state(kept), total=total)
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


def _draft_state(kept: Draft) -> contract.DraftState:
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
    """When the last draft of the page before was saved, and its id. Raises ``ValueError`` if it is no valid cursor."""
    try:
        at, _, draft_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
    except binascii.Error as error:
        raise ValueError("not a cursor of drafts") from error
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or moment.year not in contract.YEARS:  # other years may not be convertible to UTC
        raise ValueError("not a cursor of drafts")
    return moment, draft_id


def _etag(kept: Draft) -> dict[str, str]:
    return {hdrs.ETAG: f'"{kept.version}"'}


def _id(call: Call) -> str:
    draft_id = call.path["id"]
    if not re.fullmatch(contract.DRAFT_ID, draft_id):
        raise field_error("query-invalid", "id", "pattern")
    return draft_id


def _seen(call: Call) -> int | None:
    """The version in ``If-Match``; ``None`` without that header."""
    header = call.request.headers.get(hdrs.IF_MATCH)
    if header is None:
        return None
    if not (match := re.fullmatch(VERSION, header.strip())):
        raise Refusal("draft-precondition", header=hdrs.IF_MATCH)
    return int(match[1])


def _conflict(conflict: DraftConflict) -> Refusal:
    current = conflict.current
    state = None if current is None else as_json(_draft_state(current).model_dump(by_alias=True))
    return Refusal("draft-conflict", header=hdrs.IF_MATCH, extra={"current": state})
