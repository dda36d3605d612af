"""Run details: everything known about one run, with error, stack, screenshot and log lines; to copy and export."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from archisync_gui.disk import replacing
from archisync_gui.model import RunRecord, as_json
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text import list_words, words
from archisync_gui.ui.text.i18n import absolute, took, tr
from archisync_gui.ui.widgets.basic import column, label, row
from archisync_gui.ui.widgets.files import ask_where, open_path, say_saved

LOG_LINES = 2000
"""Most log lines of a run that are shown; the last ones."""


def facts(run: RunRecord) -> list[tuple[str, str]]:
    """The facts about a run, as pairs of name and text."""
    found = [
        (tr("List"), f"{words.type_name(run.type)}, {words.scope_word(run.scope, run.key)}"),
        (tr("Account"), run.account),
        (tr("Outcome"), words.outcome_word(run.outcome).text),
        (tr("Asked"), f"{absolute(run.asked)} · {words.origin_word(run.origin)}"),
        (tr("Started"), absolute(run.started)),
    ]
    if run.ended is not None:
        length = took((run.ended - run.started).total_seconds())
        found.append((tr("Ended"), f"{absolute(run.ended)} · {length}"))
    if run.as_of is not None:
        found.append((tr("Data as of"), absolute(run.as_of)))
    if run.attempt > 1:
        found.append((tr("Attempt"), str(run.attempt)))
    if run.ended is not None:  # before the end there are no counts
        found.append((tr("Rows"), words.run_line(run)))
    for start, end in run.suspensions:
        text = absolute(start) + (f" · {took((end - start).total_seconds())}" if end is not None else "")
        found.append((tr("Suspended"), text))
    found.append((tr("Number"), run.id))
    return found


def as_text(run: RunRecord) -> str:
    """The run as text for the clipboard or a file."""
    lines = [f"{name}: {text}" for name, text in facts(run)]
    if warnings := list_words.warnings_of(run):
        lines += ["", tr("Warnings:"), *map(words.warning_word, warnings)]
    if run.error is not None:
        found = words.code_text(run.error.code, run.error.params)
        lines += ["", str(found or words.failure_word(run.error)), run.error.message]
        if run.error.stack:
            lines += ["", run.error.stack]
        if run.error.evidence:
            lines += ["", json.dumps(as_json(run.error.evidence), ensure_ascii=False, indent=1)]
    return "\n".join(lines)


def log_lines(path: Path, run_id: str) -> str:
    """The lines of the log files that contain the run's id, oldest first, with the lines of their stacks. Blocking."""
    found: list[str] = []
    for file in sorted(path.parent.glob(f"{path.name}*"), key=lambda f: f.stat().st_mtime):
        inside = False
        for text in file.read_text(encoding="utf-8", errors="replace").splitlines():
            stamped = text[:4].isdigit() and text[4:5] == "-"
            inside = run_id in text if stamped or not inside else inside
            if inside:
                found.append(text)
    return "\n".join(found[-LOG_LINES:])


class RunDetails(QDialog):
    """The details of one run. Not modal: it can stay open."""

    def __init__(self, context: Context, run: RunRecord, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context, self.run = context, run
        name = words.type_name(run.type)
        self.setWindowTitle(tr("{type}, {time}", type=name, time=absolute(run.started)))
        self.resize(720, 560)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        if run.error is not None:
            found = words.code_text(run.error.code, run.error.params)
            what = found.what if found else words.failure_word(run.error)
            layout.addWidget(label(what[:1].upper() + what[1:], "bad", 1.1, True, True))
            for text in (found.means, found.todo) if found else (run.error.message,):
                if text:
                    layout.addWidget(_selectable(text))
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        layout.addWidget(self.tabs, 1)
        self._facts()
        if warnings := list_words.warnings_of(run):
            view = self._text_tab(tr("&Warnings"), "\n".join(map(words.warning_word, warnings)))
            view.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)  # sentences, not columns
        if run.error is not None:
            technical = run.error.message + (f"\n\n{run.error.stack}" if run.error.stack else "")
            if run.error.evidence:
                technical += "\n\n" + json.dumps(as_json(run.error.evidence), ensure_ascii=False, indent=1)
            self._text_tab(tr("&Technical"), technical)
            if run.error.screenshot:
                self._picture(run.error.screenshot)
        self.log = self._text_tab(tr("&Log lines"), tr("reading…"))
        buttons = QDialogButtonBox()
        self.copy = QPushButton(tr("Copy &all"))
        self.export = QPushButton(tr("&Export…"))
        self.again = QPushButton(tr("&Update again"))
        close = QPushButton(tr("&Close"))
        role = QDialogButtonBox.ButtonRole
        for button, kind in (
            (self.copy, role.ActionRole),
            (self.export, role.ActionRole),
            (self.again, role.ActionRole),
            (close, role.RejectRole),
        ):
            buttons.addButton(button, kind)
        layout.addWidget(buttons)
        buttons.rejected.connect(self.close)
        self.copy.clicked.connect(self._copy)
        self.export.clicked.connect(lambda: context.background.run(self._export(), "export-run", self))
        self.again.clicked.connect(lambda: context.sync(run.type, run.account, run.key))
        context.background.run(self._read_log(), "run-log", self)

    def _facts(self) -> None:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(6, 12, 6, 6)
        form.setVerticalSpacing(7)
        for name, text in facts(self.run):
            form.addRow(label(name, "muted"), _selectable(text))
        self.tabs.addTab(page, tr("&Run"))

    def _text_tab(self, title: str, text: str) -> QPlainTextEdit:
        view = QPlainTextEdit(text)
        view.setReadOnly(True)
        view.setAccessibleName(title.replace("&", ""))
        view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.tabs.addTab(view, title)
        return view

    def _picture(self, path: str) -> None:
        page = QWidget()
        inside = column(page, (6, 12, 6, 6), 8)
        picture = QPixmap(path)
        shown = QLabel()
        shown.setTextFormat(Qt.TextFormat.PlainText)
        shown.setAccessibleName(tr("Screenshot of the ERP's page"))
        if picture.isNull():
            shown.setText(tr("The picture is no longer there (pictures are kept for 14 days)."))
        else:
            mode = Qt.TransformationMode.SmoothTransformation
            shown.setPixmap(picture.scaled(660, 360, Qt.AspectRatioMode.KeepAspectRatio, mode))
        inside.addWidget(shown)
        large = QPushButton(tr("&Open large"))
        large.setEnabled(not picture.isNull())
        large.setToolTip("" if not picture.isNull() else tr("The picture is no longer there"))
        large.clicked.connect(lambda: open_path(path))
        bottom = row()
        bottom.addWidget(large)
        bottom.addStretch(1)
        inside.addLayout(bottom)
        inside.addStretch(1)
        self.tabs.addTab(page, tr("&Picture"))

    async def _read_log(self) -> None:
        services = self._context.services
        path = services.log_file if services is not None else None
        try:
            text = await asyncio.to_thread(log_lines, path, self.run.id) if path is not None else ""
        except OSError as error:
            text = str(error)
        if not isValid(self.log):
            return  # closed meanwhile
        self.log.setPlainText(text or tr("The log has no line of this run (any more)."))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self.run))
        self._context.say(tr("Copied."))

    async def _export(self) -> None:
        path = await ask_where(self, tr("Export run"), f"archisync-{self.run.type}-{self.run.id}", ("txt", "json"))
        if path is None:
            return
        if path.suffix == ".json":
            text = json.dumps(as_json(self.run), ensure_ascii=False, indent=1)
        else:
            text = as_text(self.run) + "\n\n" + self.log.toPlainText()
        await asyncio.to_thread(_write, path, text)
        say_saved(self._context.say, path)


def _write(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, "utf-8")


def _selectable(text: str) -> QLabel:
    made = label(text, wrap=True)
    made.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return made
