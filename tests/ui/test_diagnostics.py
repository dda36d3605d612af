"""Secrets and personal data in the sources are never in the diagnostics bundle."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path, PureWindowsPath

import pytest
from panel_fakes import SILENT, FakeStore, World, calm, history

from archisync_gui.ui.output import diagnostics as output
from archisync_gui.ui.output.diagnostics import REMOVED, Diagnostics, Scrubber

PLANTED = (
    "hunter2-Passw0rd",
    "kJ8s7dF6g5H4j3K2l1Z0xCvB",
    "a3f1c2d4e5b60718293a4b5c6d7e8f90",
    "mario.rossi@example.test",
    "RSSMRA80A01H501U",
    "IT60X0542811101000000123456",
    "02345678901",
    "+39 02 1234567",
    "0432 123456",
    "Ferramenta Demo 0007",
    "agente01",
    "erp.example.test",
)

LOG = """2026-03-10 14:00:00 INFO    a: login of agente01 at https://erp.example.test/Archibald
2026-03-10 14:00:00 INFO    a: password: hunter2-Passw0rd
2026-03-10 14:00:01 INFO    a: Authorization: Bearer kJ8s7dF6g5H4j3K2l1Z0xCvB
2026-03-10 14:00:02 INFO    a: key a3f1c2d4e5b60718293a4b5c6d7e8f90
2026-03-10 14:00:03 WARNING a: row 7 (FERRAMENTA DEMO 0007): e-mail mario.rossi@example.test, RSSMRA80A01H501U
2026-03-10 14:00:04 WARNING a: IT60X0542811101000000123456, VAT 02345678901, phone +39 02 1234567 or 0432 123456
2026-03-10 14:00:05 INFO    a: customers: 1515 rows in 12.4 s, page 3 of 16
"""


async def test_secrets_are_removed_and_the_rest_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "archisync.log"
    log.write_text(LOG, encoding="utf-8")
    crash = 'File "erp.py", line 7, in login\nValueError: password=hunter2-Passw0rd for Ferramenta Demo 0007'
    (tmp_path / "crash.previous.txt").write_text(crash, encoding="utf-8")
    (tmp_path / "crash.txt").touch()  # no crash in this process
    told = dataclasses.replace(SILENT, message="mario.rossi@example.test did not answer, Ferramenta Demo 0007")
    runs = tuple(dataclasses.replace(r, error=told) if r.error is not None else r for r in history())
    world = World(store=FakeStore(runs))
    world.settings = world.settings.with_(
        {"erp.url": "https://erp.example.test/Archibald", "erp.accounts": ["agente01"]}
    )
    services = world.services(log_file=log, demo=False)
    bundle = await Diagnostics(services, calm).write(tmp_path / "d.zip")
    with zipfile.ZipFile(bundle) as opened:
        names = opened.namelist()
        text = "\n".join(opened.read(name).decode() for name in names)
    for secret in PLANTED:
        assert secret.casefold() not in text.casefold(), secret
    assert {"about.txt", "settings.json", "status.json", "runs.json", "archisync.log", "crash.previous.txt"} == set(
        names
    )
    assert 'File "erp.py", line 7, in login' in text
    assert "customers: 1515 rows in 12.4 s, page 3 of 16" in text
    assert "account-1" in text
    assert "erp-slow" in text


async def test_the_name_of_a_windows_user_is_in_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths stand in the files as they are, within JSON, as Qt and Python write them, and with short names."""
    home, log = r"D:\Utenti\Nicolò Rossi", tmp_path / "archisync.log"
    lines = (
        rf"{home}\AppData\x",
        repr(rf"{home}\y"),
        "D:/Utenti/Nicolò Rossi/z",
        r"D:\Utenti\NICOL~1\AppData\Local\Temp\w",
    )
    log.write_text("".join(f"2026-03-10 14:00:00 INFO    a: {line}\n" for line in lines), encoding="utf-8")
    monkeypatch.setattr(Path, "home", lambda: PureWindowsPath(home))
    monkeypatch.setattr(output, "short_name", lambda folder: folder.replace("Nicolò Rossi", "NICOL~1"))
    world = World()
    world.settings = world.settings.with_({"summary.folder": rf"{home}\Documents"})
    bundle = await Diagnostics(world.services(log_file=log), calm).write(tmp_path / "d.zip")
    with zipfile.ZipFile(bundle) as opened:
        text = "\n".join(opened.read(name).decode() for name in opened.namelist())
    assert "Nicolò" not in text
    assert "NICOL~1" not in text
    assert text.count("~") >= 5


async def test_the_written_files_are_those_of_the_preview(tmp_path: Path) -> None:
    log = tmp_path / "archisync.log"
    log.write_text("2026-03-10 14:00:00 INFO    a: b\n", encoding="utf-8")
    services = World().services(log_file=log)
    diagnostics = Diagnostics(services, calm)
    bundle = await diagnostics.write(tmp_path / "d.zip")
    with zipfile.ZipFile(bundle) as opened:
        assert set(opened.namelist()) == {name for name, _ in diagnostics.contents()}


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-03-10 14:00:05,123 INFO    archisync_gui.erp.session: page 3 of 16 in 0.412 s",
        "run 17f3a2 of orders: 1050 rows, +3 ~21 -0",
        "http://127.0.0.1:47801 at 14:05",
    ],
)
async def test_harmless_lines_are_not_changed(harmless: str) -> None:
    assert Scrubber(["Bianchi"])(harmless) == harmless


async def test_values_with_quotation_marks_are_found_within_json() -> None:
    """As ``runs.json`` and ``status.json`` have them, and a log line that quotes one."""
    name = 'Bar "Centrale" di Nonna\'s'
    said = json.dumps({"message": f"row 7 ({name})"}) + repr(f"row 8 ({name})") + f"row 9 ({name})"
    assert Scrubber([name])(said).count(REMOVED) == 3


async def test_values_are_found_in_any_context() -> None:
    scrub = Scrubber(["Rossi & Figli S.r.l.", "Bar Sport"])
    assert scrub("for 'ROSSI & FIGLI S.R.L.' (bar sport)") == f"for '{REMOVED}' ({REMOVED})"
