"""The summary as HTML, for the screen and for paper, and as rows of a table, for files."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from archisync_gui.ui.live.summary import Line, Section, Summary, heading
from archisync_gui.ui.text.i18n import tr

Colors = Mapping[str, str]
"""``text``, ``muted``, ``border`` and ``link``."""

PAPER: Colors = {"text": "#000000", "muted": "#444444", "border": "#bbbbbb", "link": ""}


def summary_html(summary: Summary, colors: Colors) -> str:
    """The summary as HTML; all texts are escaped. The link of a record is ``record:N`` for the N-th line of all
    sections, counted from 0; without a colour for links there are none."""
    parts = [
        f"<h2 style='color:{colors['text']}'>{escape(tr('Summary'))} · {escape(heading(summary))}"
        + (" · DEMO" if summary.demo else "")
        + "</h2>"
    ]
    at = 0
    for section in summary.sections:
        parts.append(_section(section, colors, at))
        at += len(section.lines)
    return "".join(parts)


def _section(section: Section, colors: Colors, first: int) -> str:
    count = f" ({len(section.lines)})" if section.lines and section.name != "work" else ""
    made = f"<h3 style='color:{colors['text']}'><a name='{section.name}'></a>{escape(section.title)}{count}</h3>"
    if section.lines:
        heads = "".join(
            f"<td align='{_side(section, at)}' style='color:{colors['muted']};padding:3px 14px 3px 0'>"
            f"{escape(head)}</td>"
            for at, head in enumerate(section.heads)
        )
        body = "".join(_row(section, line, colors, first + at) for at, line in enumerate(section.lines))
        foot = ""
        if section.total:
            cells = "".join(
                f"<td align='{_side(section, at)}' style='padding:5px 14px 3px 0'><b>{escape(text)}</b></td>"
                for at, text in enumerate(section.total)
            )
            foot = f"<tr>{cells}</tr>"
        made += f"<table cellspacing='0' width='98%'><tr>{heads}</tr>{body}{foot}</table>"
    if section.sentence:
        made += f"<p style='color:{colors['muted']}'>{escape(section.sentence)}</p>"
    return made


def _row(section: Section, line: Line, colors: Colors, number: int) -> str:
    cells = []
    for at, text in enumerate(line.cells):
        shown = escape(text)
        if at == 0 and line.target is not None and colors["link"]:
            shown = f"<a href='record:{number}' style='color:{colors['link']};text-decoration:none'>{shown}</a>"
        cells.append(f"<td align='{_side(section, at)}' style='padding:3px 14px 3px 0'>{shown}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _side(section: Section, column: int) -> str:
    return "right" if column in section.right else "left"


def summary_rows(summary: Summary) -> list[tuple[object, ...]]:
    """The summary as rows of one table."""
    rows: list[tuple[object, ...]] = []
    for section in summary.sections:
        rows.append((section.title, section.sentence))
        if section.lines:
            rows.append(("", *section.heads))
            rows += [("", *line.cells) for line in section.lines]
        if section.total:
            rows.append(("", *section.total))
    return rows
