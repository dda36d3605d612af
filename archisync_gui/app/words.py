"""Sentences for the terminal, made from the JSON results of commands; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from archisync_gui import zone
from archisync_gui.conditions import text as condition_text
from archisync_gui.entities import list_name
from archisync_gui.messages import Text, text
from archisync_gui.model import is_first_read


def word(code: str, language: str, **params: object) -> str:
    """The first sentence of a text."""
    return text(code, language, params).what


def title(name: str, language: str) -> str:
    """The name of a sync type: ``Clienti``."""
    return list_name(name, language)


def number(value: int, language: str) -> str:
    """``1.515`` in Italian, ``1,515`` in English."""
    grouped = f"{value:,}"
    return grouped.replace(",", ".") if language == "it" else grouped


def duration(seconds: float) -> str:
    """``0:12``, ``4:05``, ``1:02:03``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, seconds_left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds_left:02}" if hours else f"{minutes}:{seconds_left:02}"


def clock(moment: str | None, language: str) -> str:
    """An ISO time as local ``HH:MM``, with the date if it is not today."""
    if moment is None:
        return word("word.never", language)
    try:
        return zone.clock(datetime.fromisoformat(moment))
    except (ValueError, OverflowError):
        return moment


def result(line: Mapping[str, Any], language: str) -> str:
    """The line for the result of one sync."""
    name = title(line["type"], language)
    took = duration(line["durationMs"] / 1000)
    if line["outcome"] in ("completed", "unclean"):
        first = is_first_read(line.get("warnings") or ())
        counts = word("word.first-read", language) if first else f"+{line['added']} ~{line['changed']} −{line['gone']}"
        outcome = word(
            f"word.result.{line['outcome']}", language, rows=number(line["rows"], language), counts=counts, took=took
        )
        return f"{name:<14} {outcome}"
    outcome = word(f"word.outcome.{line['outcome']}", language)
    if error := line.get("error"):
        outcome += ": " + str(text(error["code"], language, _readable(error.get("params") or {}, language)))
    return f"{name:<14} {outcome}"


def progress(event: Mapping[str, Any], language: str) -> str | None:
    """The line for an event of a running command; ``None`` for events that are not shown."""
    kind = event["kind"]
    if kind == "waiting":
        return f"{title(event['type'], language)}: {_reason(event, language).what}"
    if kind == "accepted" or "type" not in event:
        return None
    name = title(event["type"], language)
    if kind != "sync-progress":
        return f"{name}: {word(f'word.event.{kind}', language)}"
    if event["step"] != "read":
        return f"{name}: {word('word.step.' + event['step'], language)}"
    page = "" if event["page"] is None else word("word.page", language, page=event["page"], pages=event["pages"] or "?")
    return f"{name}: {page}{number(event['rows'], language)} {word('word.rows', language)}"


def explanation(answer: Mapping[str, Any], language: str) -> str:
    """The result of ``explain``: the reason, what it means, what to do, and what runs next."""
    lines = [f"{clock(answer['at'], language)}  {_reason(answer, language)}"]
    for expected in answer.get("forecast") or ():
        after = expected.get("after")
        starts, name = clock(expected["starts"], language), title(expected["type"], language)
        behind = word("word.after", language, type=title(after, language)) if after else ""
        lines.append(f"  {starts}  {name} ({duration(expected['seconds'])}){behind}")
    return "\n".join(lines)


def _reason(answer: Mapping[str, Any], language: str) -> Text:
    return text(f"explain.{answer['reason']}", language, _readable(answer.get("params") or {}, language))


def _readable(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in params.items():
        if key in ("type", "after", "behind"):
            out[key] = title(str(value), language)
        elif key in ("until", "since", "at", "due") and isinstance(value, str):
            out[key] = clock(value, language)
        else:
            out[key] = value
    return out


def retried(answer: Mapping[str, Any], language: str) -> str:
    """The result of ``retry``."""
    if "unknown" in answer:
        known = ", ".join(answer["known"]) or "–"
        return str(text("retry-unknown-account", language, {"account": answer["unknown"], "known": known}))
    if not answer["allowed"]:
        return word("word.retry.none", language)
    return word("word.retry.allowed", language, accounts=", ".join(answer["allowed"]))


def status(answer: Mapping[str, Any], language: str) -> str:
    """The result of ``status``, as a small table."""
    now = answer["explanation"]
    lines = [f"{clock(now['at'], language)}  {_reason(now, language).what}"]
    # The answer of an older version of the program has no conditions.
    for found in answer.get("conditions", ()):
        sentence = condition_text(found, language, lambda name: title(name, language), zone.clock)
        lines.append(f"{'·' if found['warning'] else '!'} {sentence}")
    if answer["sessionCount"]:
        lines.append(word("word.sessions", language, count=answer["sessionCount"]))
    for name, entry in answer["statuses"].items():
        state = word(f"word.state.{entry['state']}", language)
        fresh = word(f"word.freshness.{entry['freshness']}", language)
        lines.append(f"{title(name, language):<14} {state:<16} {fresh:<12} {clock(entry['lastRunTime'], language)}")
    for position, waiting in enumerate(answer["queue"], 1):
        lines.append(f"  {position}. {title(waiting['type'], language)}: {_reason(waiting, language).what}")
    return "\n".join(lines)
