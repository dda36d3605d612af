"""Reads the detail page of one record; ``syncs`` decides which records may be opened."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.background import run_to_end
from archisync_gui.erp.driver.page_driver import Look
from archisync_gui.erp.driver.session import ErpSession
from archisync_gui.erp.failures import SessionExpired, transient
from archisync_gui.erp.lists.page import plain_key
from archisync_gui.model import FailureKind, SyncFailure

log = logging.getLogger(__name__)


async def read_record(
    session: ErpSession, entity: Entity, key: str, fields: Sequence[str], on_login: Callable[[], None]
) -> Mapping[str, str]:
    """The texts of one record's page by field; fields without a value on that page, or with several, are left out.

    Raises ``record-unreadable`` where the ERP shows its error page, ``record-other`` where the page shows another
    record. After a failure the page is closed: it may hang.
    """
    path = detail_path(entity, key)
    try:
        return await _read(session, path, entity, key, fields, on_login)
    except BaseException:
        await run_to_end(session.close())
        raise


async def _read(
    session: ErpSession,
    path: str,
    entity: Entity,
    key: str,
    fields: Sequence[str],
    on_login: Callable[[], None],
) -> Mapping[str, str]:
    try:
        driver = await session.open(path, on_login)
        wanted = [{"field": field, "names": names} for field, names in detail_names(fields).items()]
        shown = await driver.look(Look.DETAIL, wanted, session.limits.callback)
        if not shown["quiet"]:
            raise transient("erp-never-idle", step="read")
    except SyncFailure as error:
        if error.code == "erp-error-page":
            params = {"key": key, "list": entity.name}
            raise SyncFailure("record-unreadable", FailureKind.LAYOUT, params=params) from error
        raise
    except SessionExpired as error:
        raise transient("session-not-kept") from error
    texts: Mapping[str, str] = {field: text for field, text in shown["values"].items() if text.strip()}
    if ambiguous := shown["ambiguous"]:
        log.info("%s %s: the page shows several values of %s", entity.name, key, ", ".join(ambiguous))
    shown_key = texts.get(entity.row_key)
    is_other = shown_key is not None and plain_key(shown_key) != key.lstrip("0")
    if is_other or entity.row_key in ambiguous:
        raise SyncFailure("record-other", FailureKind.LAYOUT, params={"key": key, "list": entity.name})
    return texts


def detail_path(entity: Entity, key: str) -> str:
    """The path of a record's page. Raises ``record-unknown`` for a key that is no id, and for lists without detail
    pages."""
    if entity.detail_path is None or not (key.isascii() and key.isdigit()):
        raise SyncFailure("record-unknown", FailureKind.PERMANENT, params={"key": key, "list": entity.name})
    return entity.detail_path.format(id=key)


def detail_names(fields: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """By field: the notations that it may have in an element's id, the likelier one first (``docs/erp.md``, Detail
    pages).

    ``LOGISTICSADDRESSZIPCODE.ZIPCODE`` -> ``LOGISTICSADDRESSZIPCODE_ZIPCODE``, ``LOGISTICSADDRESSZIPCODE``. The name
    without the sub-path is left out if two fields share it: the page would not show which of them it means.
    """
    fields = tuple(dict.fromkeys(fields))
    bases = Counter(field.partition(".")[0] for field in fields)
    return {field: _names(field, bases) for field in fields}


def _names(field: str, bases: Mapping[str, int]) -> tuple[str, ...]:
    base, dot, _ = field.partition(".")
    if not dot:
        return (field,)
    path = field.replace(".", "_")
    return (path, base) if bases[base] == 1 else (path,)
