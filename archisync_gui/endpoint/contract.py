"""The typed bodies, queries and answers of every call; validation and the OpenAPI document both come from here."""

from __future__ import annotations

import json
import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from archisync_gui.conditions import Kind
from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.endpoint.proof import NAME, NONCE
from archisync_gui.model import SessionEnd, as_json

SESSION_ID = r"^[A-Za-z0-9_-]{22,128}$"
"""At least 128 random bits as base64url."""

DRAFT_ID = r"^[A-Za-z0-9_-]{16,64}$"


YEARS = range(2000, 2201)
"""Years (UTC) that a time may have. There are no data of other years, and ``datetime`` cannot convert the first and
last year of its range to UTC."""

MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{2,20}(Z|[+-][0-9]{2}:?[0-9]{2})"

RECORD_ID = r"[0-9]{1,18}"
"""The ERP's id of a record: ASCII digits."""


def _one_blank(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("nothing but blanks")
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("control characters")
    return text


def _ascii_number(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,15}", value):
        raise ValueError("not a number")
    return value


AsciiNumber = BeforeValidator(_ascii_number)
"""For a number in a query: ASCII digits only; no digits of other scripts, no blanks, no ``1_000``."""

Plain = AfterValidator(_one_line)
"""For a text in a query: no control characters (SQLite would end the text at a NUL)."""


def _moment(text: object) -> datetime:
    """A time from ISO 8601 with offset. Not from seconds since 1970, which pydantic would accept as well."""
    if not isinstance(text, str):
        raise ValueError("not a text")
    if not re.fullmatch(MOMENT, text):
        raise ValueError("not ISO 8601 with an offset")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not MINYEAR < moment.year < MAXYEAR:  # else ``astimezone`` may overflow
        raise ValueError("without offset, or out of range")
    moment = moment.astimezone(UTC)
    if moment.year not in YEARS:  # checked in UTC, as answers have it: a time from an answer is always accepted
        raise ValueError("out of range")
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A time with offset."""


def _day(text: object) -> date:
    """A date from ``2026-01-05``: ASCII digits, a day that exists."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("not a date")
    return date.fromisoformat(text)


Day = Annotated[date, BeforeValidator(_day)]
"""A date."""


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""For a whole number: ``5.0`` is accepted, as JSON Schema has it. Comes after the limits in ``Annotated``, else they
are missing in the OpenAPI document."""

SessionId = Annotated[str, Field(pattern=SESSION_ID, description="Random id made by the tab, used once.")]
Label = Annotated[str, Field(max_length=120), AfterValidator(_one_blank)]
"""Plain text from outside: control characters and runs of white space become one blank."""


def model_ref(name: str) -> WithJsonSchema:
    """Schema mark for a field whose JSON is ``model.as_json`` of the dataclass of that name; see
    ``openapi._resolved``."""
    return WithJsonSchema({"schema": name})


class Contract(BaseModel):
    """Base of all models: camelCase names, no unknown fields, no type conversions."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True)


class Query(Contract):
    """Base of queries: parameters are texts, so type conversions are allowed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=False)


EndReason = Annotated[SessionEnd, Field(description="Why a session ended.")]

# ------------------------------------------------------------------------------------------------ requests


class SmartSyncBody(Contract):
    """Opens a session, or asks again in an open one. An empty body is the first version's call."""

    session_id: SessionId | None = None
    user_id: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    label: Label = ""


class ResumeBody(Contract):
    """Closes a session. Without an id: the oldest anonymous one of the same token."""

    session_id: SessionId | None = None
    user_id: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    label: Label = ""


class TouchBody(Contract):
    """A sign of life."""

    session_id: SessionId


class WaitQuery(Query):
    """``wait=false``: answer at once."""

    wait: bool = True


class SyncQuery(Query):
    """``wait=true``: answer when the request has ended."""

    wait: bool = False


class RefreshQuery(Query):
    """``sync=true``: a request for the whole list of customers follows."""

    sync: bool = False
    wait: bool = False


class SyncBody(Contract):
    """What to read, all optional."""

    user_id: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    scope: Literal["all", "new"] = "all"
    priority: Annotated[int, Field(ge=1, le=99), WHOLE] | None = None


class FullBody(Contract):
    """No fields."""


class HoldBody(Contract):
    """How long to hold all syncs. Asked for again, a hold gets the new end."""

    until: Moment | None = Field(
        default=None, description="When the hold ends by itself, in the future; null: only a release ends it."
    )


class ScheduleBody(Contract):
    """Minutes between scheduled reads by sync type; ``null`` = off. Types that are left out keep their intervals."""

    intervals: dict[str, Annotated[int, Field(ge=5, le=1440), WHOLE] | None]


class HistoryQuery(Query):
    """Which runs, newest first."""

    type: Annotated[str, Field(max_length=40)] | None = None
    outcome: Literal["completed", "unclean", "refused", "failed", "cancelled", "skipped", "interrupted"] | None = None
    limit: Annotated[int, Field(ge=1, le=500), AsciiNumber] = 50
    before: Moment | None = None


class ExplainQuery(Query):
    """``at``: a time (ISO 8601 with offset); now when left out."""

    at: Moment | None = None


class SearchQuery(Query):
    """A search in stored rows."""

    search: Annotated[str, Field(max_length=200), Plain] = ""
    limit: Annotated[int, Field(ge=1, le=200), AsciiNumber] = 50
    cursor: Annotated[str, Field(max_length=200), Plain] | None = None


class HealthQuery(Query):
    """Either both parameters or none."""

    name: Annotated[str, Field(pattern=NAME, description="The public name of a token.")] | None = None
    nonce: Annotated[str, Field(pattern=NONCE, description="At least 128 random bits, new each time.")] | None = None


class RankedQuery(SearchQuery):
    """``ranked=true``: records with exactly this code first, then fields that begin with it, then the rest; no
    cursor."""

    ranked: bool = False


class DraftsQuery(Query):
    """A page of drafts; ``cursor``: the page after the one whose answer had this cursor."""

    limit: Annotated[int, Field(ge=1, le=500), AsciiNumber] = 200
    cursor: Annotated[str, Field(max_length=200), Plain] | None = None


class PastQuery(Query):
    """Whose earlier orders."""

    customer: Annotated[str, Field(min_length=1, max_length=80), Plain]


class ExportQuery(Query):
    """``format``: CSV for spreadsheets, or an Excel workbook. ``id``: only that draft."""

    format: Literal["csv", "xlsx"] = "csv"
    id: Annotated[str, Field(pattern=DRAFT_ID)] | None = None


class PricesQuery(SearchQuery):
    """``product``: only the prices of that article."""

    product: Annotated[str, Field(max_length=80), Plain] | None = None


class PairBody(Contract):
    """First call: ``name`` and ``scopes``. Second call: ``pairingId``. Our own order form: ``code``."""

    model_config = Contract.model_config | ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"type": "string"}}} for name in ("name", "pairingId", "code")
            ]
        }
    )

    name: (
        Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_one_blank), AfterValidator(_not_empty)]
        | None
    ) = None
    scopes: Annotated[list[Literal["sessions", "watch", "operate"]], Field(min_length=1, max_length=3)] = ["sessions"]
    pairing_id: Annotated[str, Field(min_length=16, max_length=128)] | None = None
    code: Annotated[str, Field(min_length=16, max_length=128)] | None = None

    def wanted(self) -> tuple[Access, ...]:
        """The scopes asked for."""
        return tuple(Access(scope) for scope in self.scopes)


class DraftCustomer(Contract):
    """The customer of a draft, with the data of the time when it was chosen."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    name: Annotated[str, Field(max_length=300)]
    account_num: Annotated[str, Field(max_length=80)] | None = None
    city: Annotated[str, Field(max_length=120)] | None = None
    street: Annotated[str, Field(max_length=300)] | None = None
    postal_code: Annotated[str, Field(max_length=40)] | None = None
    vat_number: Annotated[str, Field(max_length=40)] | None = None
    fiscal_code: Annotated[str, Field(max_length=40)] | None = None
    as_of: Moment | None = None


Discount = Annotated[int, Field(ge=0, le=10_000), WHOLE]


class DraftLine(Contract):
    """One article of a draft. The price is the one shown when the line was added, with its age."""

    item_id: Annotated[str, Field(min_length=1, max_length=80)]
    name: Annotated[str, Field(max_length=300)]
    description: Annotated[str, Field(max_length=500)] | None = None
    quantity: Annotated[int, Field(ge=1, le=10**12, description="Thousandths."), WHOLE]
    unit_price: Annotated[int, Field(ge=-(10**12), le=10**12, description="Cents for one price unit."), WHOLE] | None
    price_unit: Annotated[int, Field(ge=1, le=10**9, description="Thousandths."), WHOLE] = 1000
    price_id: Annotated[str, Field(max_length=80)] | None = None
    price_as_of: Moment | None = None
    vat_percent: Annotated[int, Field(ge=0, le=10_000, description="Hundredths of a percent."), WHOLE] | None = None
    discounts: Annotated[
        list[Discount], Field(max_length=5, description="Hundredths of a percent, one after the other.")
    ] = []
    free: Annotated[bool, Field(description="Free goods: the amount is zero.")] = False
    note: Annotated[str, Field(max_length=500)] = ""


class DraftDocument(Contract):
    """A draft's content: customer and prices with their ages. It is not sent to the ERP."""

    customer: DraftCustomer | None = None
    price_group: Annotated[str, Field(max_length=80)] | None = None
    date: Day | None = None
    note: Annotated[str, Field(max_length=2000)] = ""
    delivery_address: Annotated[str, Field(max_length=500)] = ""
    desired_date: Day | None = None
    lines: Annotated[list[DraftLine], Field(max_length=200)] = []


class LetterheadBody(Contract):
    """What is printed above the drafts."""

    text: Annotated[str, Field(max_length=1000)]


# ------------------------------------------------------------------------------------------------ answers


class Answer(Contract):
    """The fields of every JSON answer."""

    success: bool = True
    message: str = Field("", description="One sentence for people, in the language of Accept-Language.")


class Refused(Answer):
    """The answer to every request that is refused or fails."""

    success: Literal[False] = False
    error: str = Field(description="What happened and what it means.")
    code: str = Field(description="Stable word for programs.")
    hint: str = Field("", description="What to do.")
    field: str | None = Field(None, description="The field or header at fault.")


class FreshnessAnswer(Answer):
    """How current the customers are."""

    handle: str = Field(description="The session's public name.")
    new_as_of: datetime | None = Field(description="No customer created before this time is missing.")
    all_as_of: datetime | None = Field(description="Start of the last clean read of the whole list.")
    session_count: int


class SmartSyncAnswer(FreshnessAnswer):
    """The fast read has ended: the customers are fresh."""

    code: Literal["fresh"] = "fresh"
    added: int
    changed: int
    duration_ms: int


class SmartSyncPending(FreshnessAnswer):
    """The session is open; the read is still going on (``pending``), or the operator holds all syncs (``held``)."""

    code: Literal["pending", "held"]


class SmartSyncFailed(FreshnessAnswer):
    """The session is open all the same; the data are as old as they say."""

    success: Literal[False] = False
    error: str
    code: str
    hint: str = ""


class Ended(Refused):
    """The session has ended; make a new id."""

    reason: EndReason


class ClosedAnswer(Answer):
    """Whether the session was open and is closed now."""

    session_count: int
    closed: bool


class TouchAnswer(Answer):
    """The lease was renewed."""

    deadline: datetime


class SessionAnswer(FreshnessAnswer):
    """One session by its handle."""

    state: Literal["open", "ended"]
    deadline: datetime | None
    reason: EndReason | None = None


class ConditionView(Contract):
    """A condition that needs attention; the panel's header shows the first."""

    kind: Annotated[Kind, Field(description="Stable word for programs.")]
    code: str = Field(description="A more precise word: one for each text.")
    warning: bool = Field(description="True: it needs no action of the operator.")
    lists: list[str] = Field(description="Exactly the lists that it concerns; empty: none in particular.")
    accounts: list[str]
    count: int
    since: str | None = Field(description="ISO time at which it began, or of the last good answer or read.")
    text: str = Field(description="What happened, what it means and what to do, in the language of Accept-Language.")


class StatusAnswer(Answer):
    """The whole status, with the conditions that need attention."""

    status: Annotated[Any, model_ref("Status")]
    conditions: list[ConditionView] = Field(description="The most important first; none: all is up to date.")


class TicketAnswer(Answer):
    """A request was accepted."""

    type: str
    ticket: str
    position: int | None = Field(description="Place in the queue, 1 = next; null: it runs or has ended.")


class FullAnswer(Answer):
    """Requests for all types were accepted."""

    types: list[str]
    tickets: list[str]


class OutcomeAnswer(Answer):
    """A request has ended."""

    type: str
    ticket: str
    result: Annotated[Any, model_ref("RunResult")]


class TicketState(Answer):
    """The state of a ticket."""

    type: str
    ticket: str
    state: Literal["waiting", "ended"]
    position: int | None
    result: Annotated[Any, model_ref("RunResult")] | None


class HistoryAnswer(Answer):
    """Stored runs, newest first."""

    runs: list[Annotated[Any, model_ref("RunRecord")]]


class ScheduleAnswer(Answer):
    """Minutes between scheduled reads; null = off."""

    intervals: dict[str, int | None]


class HoldAnswer(Answer):
    """Whether the operator holds all syncs."""

    held: bool
    until: datetime | None = Field(description="When the hold ends by itself; null: it does not, or there is none.")


class ExplainAnswer(Answer):
    """Why something runs or nothing does."""

    explanation: Annotated[Any, model_ref("Explanation")]
    text: str


class RowsAnswer(Answer):
    """Stored rows and how old they are. Money in cents, quantities in thousandths, percentages in hundredths."""

    rows: list[dict[str, Any]]
    cursor: str | None = Field(description="For the next page; null at the end.")
    new_as_of: datetime | None = None
    all_as_of: datetime | None
    freshness: str


class RowAnswer(Answer):
    """One stored row."""

    row: dict[str, Any]
    new_as_of: datetime | None = None
    all_as_of: datetime | None
    freshness: str


class DraftState(Contract):
    """A stored draft."""

    id: str
    version: int = Field(description="To be sent back in If-Match, as in the ETag.")
    created_at: datetime
    updated_at: datetime
    document: Annotated[dict[str, Any], WithJsonSchema({"schema": "DraftDocument"})]


class DraftsAnswer(Answer):
    """Drafts of the account, last saved first; ``total`` counts all of them."""

    drafts: list[DraftState]
    total: int
    cursor: str | None = Field(None, description="For the next page; null at the end.")


class PastAnswer(Answer):
    """What was ordered for a customer before."""

    lines: list[dict[str, Any]] = Field(description="Of the last order.")
    at: datetime | None = Field(description="When that one was saved.")
    usual: list[dict[str, Any]] = Field(description="The articles ordered most often, with the last quantity.")


class LetterheadAnswer(Answer):
    """What is printed above the drafts."""

    text: str


class FormAddress(Contract):
    """An address under which the order form was or may be served."""

    origin: str
    proof: str | None = Field(
        description="Sent to the form's frame at that address, which then hands over its data; null: it was never "
        "served there, or there is no key."
    )


class BrowserKeyAnswer(Answer):
    """What the order form needs to store orders in the browser."""

    account: str = Field(description="The account that the form works for.")
    key: str | None = Field(description="AES-256 key as base64; null: the browser keeps plain text.")
    addresses: list[FormAddress] = Field(description="The panel's ports, this one first.")


class DraftAnswer(Answer):
    """One draft."""

    draft: DraftState


class DraftSaved(DraftAnswer):
    """The draft was saved on the disk; ``total`` counts all drafts of the account."""

    total: int


class DraftDeleted(Answer):
    """The draft was deleted, or did not exist; ``total`` counts the account's other drafts."""

    total: int


class DraftRefused(Refused):
    """The draft was changed meanwhile; ``current`` is the stored one, null when it was deleted."""

    current: DraftState | None


class HealthAnswer(Answer):
    """The panel is there, with its profile. Any program could answer this, but not with the proof."""

    status: Literal["ok"] = "ok"
    version: str
    profile_id: str
    proof: str | None = Field(None, description="Hexadecimal HMAC-SHA256 for `name` and `nonce`; null without them.")


class PairWaiting(Answer):
    """The page shows ``digits`` and asks again with ``pairingId`` until ``expiresIn`` seconds have passed."""

    code: Literal["pairing-waiting"] = "pairing-waiting"
    pairing_id: str
    digits: str | None = Field(
        description="Six digits to show to the operator. Null for our own order form, unless two of them ask at once."
    )
    expires_in: int
    profile_id: str


class PairDone(Answer):
    """Paired. The token is sent only here."""

    code: Literal["paired"] = "paired"
    token: str
    name: str
    scopes: list[str]
    account: str | None
    profile_id: str


# ------------------------------------------------------------------------------------------------ sockets


class Attach(Contract):
    """First message on the tab's line."""

    type: Literal["attach"]
    token: Annotated[str, Field(max_length=200)]
    session_id: SessionId


class Sign(Contract):
    """Later messages on the tab's line."""

    type: Literal["touch", "close"]


def answer_text(answer: Answer) -> str:
    """An answer as a JSON text."""
    return json.dumps(as_json(answer.model_dump(by_alias=True)), ensure_ascii=False)
