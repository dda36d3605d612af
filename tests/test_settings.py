"""Settings are checked against their declaration, kept whole or not at all, and never lost."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archisync_gui.entities import ENTITIES
from archisync_gui.messages import LANGUAGES, codes, text
from archisync_gui.orchestrator.office_hours import is_open
from archisync_gui.orchestrator.rules import OfficeHours
from archisync_gui.settings import (
    DECLARATIONS,
    Settings,
    SettingsError,
    load_settings,
    open_settings,
    schedule_warnings,
    spare_file,
)


def test_every_default_is_valid_and_every_setting_has_both_languages() -> None:
    for declared in DECLARATIONS:
        assert declared.check(declared.default) == declared.default
        if declared.group != "hidden":
            assert declared.it
            assert declared.en
            assert bool(declared.help_it) == bool(declared.help_en)


def test_every_sync_type_has_its_interval_as_declared() -> None:
    for entity in ENTITIES:
        assert Settings().number(f"sync.{entity.name}.interval") == entity.spec.interval


def test_saving_and_loading_keeps_what_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    changed = Settings().with_({"sync.orders.interval": 25, "erp.accounts": ["a", "b", "a"], "look.language": "it"})
    changed.save(path)
    assert dict(load_settings(path).settings) == dict(changed)
    assert changed.words("erp.accounts") == ("a", "b")
    assert set(json.loads(path.read_text())["settings"]) == {"sync.orders.interval", "erp.accounts", "look.language"}


ANY_TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["", "dark", "it", "07:30", "135", "Europe/Rome", "https://erp.example.test/Archibald", "\ud800", "\u202e", " è "]
)
ANY_VALUE = st.one_of(st.booleans(), st.integers(-5, 2_000), ANY_TEXT, st.lists(ANY_TEXT, max_size=3))


@given(st.dictionaries(st.sampled_from([declared.key for declared in DECLARATIONS]), ANY_VALUE, max_size=4))
def test_what_is_accepted_is_the_same_in_memory_and_in_the_file(changes: dict[str, object]) -> None:
    """Settings in memory and those read from the file are two implementations of one promise."""
    try:
        changed = Settings().with_(changes)
    except SettingsError:
        return  # what is refused is kept nowhere
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.json"
        changed.save(path)
        loaded = load_settings(path)
        assert loaded.troubles == ()
        assert dict(loaded.settings) == dict(changed)
        changed.save(path)
        assert load_settings(path).settings == changed, "saving what was loaded changes nothing"


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert dict(load_settings(tmp_path / "none.json").settings) == dict(Settings())


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("sync.orders.interval", 4, "setting-range"),
        ("sync.orders.interval", 1441, "setting-range"),
        ("sync.orders.interval", True, "setting-type"),
        ("sync.orders.interval", "10", "setting-type"),
        ("sync.daily_time", "24:00", "setting-time"),
        ("sync.daily_time", "٠٧:٣٠", "setting-time"),
        ("sync.timezone", "Europe/Nowhere", "setting-zone"),
        ("sync.timezone", "../../etc/passwd", "setting-zone"),
        ("erp.browser", "/usr/bin/x\x00y", "setting-unprintable"),
        ("erp.accounts", ["a\u202eb"], "setting-unprintable"),
        ("erp.url", "http://[::1", "setting-url"),
        ("erp.url", "http://erp.example.test:99999/x", "setting-url"),
        ("sync.office_days", "21", "setting-days"),
        ("look.theme", "blue", "setting-choice"),
        ("erp.url", "ftp://erp.example.test", "setting-url"),
        ("erp.url", "https://me:pw@erp.example.test/Archibald", "setting-url-extra"),
        ("erp.url", "https://erp.example.test/Archibald?x=1", "setting-url-extra"),
        ("nonsense", 1, "setting-unknown"),
    ],
)
def test_a_wrong_value_names_its_key_and_a_text(key: str, value: object, code: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings().with_({key: value})
    assert (refused.value.key, refused.value.code) == (key, code)
    assert code in codes()


def test_an_interval_may_be_off() -> None:
    assert Settings().with_({"sync.orders.interval": 0}).number("sync.orders.interval") == 0


GOOD = '{"version": 1, "settings": {"look.theme": "dark", "erp.accounts": ["agente01"]}}'
"""A settings file as it was before its last change."""


@pytest.mark.parametrize(
    ("content", "code", "kept"),
    [
        ("", "settings-damaged", {}),
        ("{", "settings-damaged", {}),
        ("[]", "settings-damaged", {}),
        (GOOD[:40], "settings-damaged", {}),
        ("[" * 100_000, "settings-damaged", {}),
        ("\udcff\x00 random", "settings-damaged", {}),
        ('{"version": "1", "settings": {}}', "settings-damaged", {}),
        ('{"version": 1, "settings": {"look.theme": "blue", "look.language": "it"}}', "setting-ignored",
         {"look.language": "it"}),
        ('{"version": 1, "settings": {"sync.timezone": "Europe", "look.language": "it"}}', "setting-ignored",
         {"look.language": "it"}),
        ('{"version": 1, "settings": {"sync.daily_time": "٠٧:٣٠"}}', "setting-ignored", {}),
        ('{"version": 1, "settings": {"erp.url": "http://[::1"}}', "setting-ignored", {}),
        ('{"version": 2, "settings": {"look.theme": "dark", "new.one": 1}}', "settings-newer", {"look.theme": "dark"}),
        ('{"version": 0, "settings": {"look.language": "it"}}', None, {"look.language": "it"}),
        ('{"version": 1, "settings": {"gone.setting": 1, "look.theme": "dark"}}', None, {"look.theme": "dark"}),
    ],
)  # fmt: skip
def test_one_bad_value_or_file_costs_nothing_else(
    content: str, code: str | None, kept: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "settings.json"
    raw = content.encode("utf-8", "surrogateescape")
    path.write_bytes(raw)
    loaded = open_settings(path)
    assert [trouble.code for trouble in loaded.troubles] == ([] if code is None else [code])
    assert dict(loaded.settings) == dict(Settings(kept))
    assert path.read_bytes() == raw, "left alone until the operator changes something"
    copies = [file for file in tmp_path.iterdir() if ".damaged-" in file.name]
    assert [file.read_bytes() for file in copies] == [raw]
    open_settings(path)
    assert len([file for file in tmp_path.iterdir() if ".damaged-" in file.name]) == 1, "the same file is copied once"
    if code is not None:
        for language in LANGUAGES:
            said = str(text(code, language, loaded.troubles[0].params))
            assert str(path) in said
            assert "–" not in said, "every parameter is given"


def test_a_byte_order_mark_costs_nothing(tmp_path: Path) -> None:
    """Notepad writes one before the text when somebody saves the file by hand."""
    path = tmp_path / "settings.json"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    loaded = open_settings(path)
    assert (loaded.troubles, loaded.copy_needed) == ((), False)
    before = dict(loaded.settings)
    loaded.settings.with_({"look.theme": "light"}).save(path)
    assert dict(load_settings(spare_file(path)).settings) == before, "what was there before the change is kept"


def test_a_file_that_cannot_be_read_gives_the_settings_before_the_last_change(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    first = Settings().with_({"erp.accounts": ["agente01"]})
    first.save(path)
    first.with_({"look.theme": "dark"}).save(path)
    path.write_bytes(b"\x00" * 80)
    loaded = load_settings(path)
    assert [trouble.code for trouble in loaded.troubles] == ["settings-previous"]
    assert dict(loaded.settings) == dict(first)
    loaded.settings.with_({"look.theme": "light"}).save(path)
    assert load_settings(path).settings.text("look.theme") == "light"
    assert load_settings(spare_file(path)).settings.words("erp.accounts") == ("agente01",), "never replaced by rubbish"


def test_a_file_that_the_system_does_not_let_us_read_is_not_replaced_by_defaults(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path / "settings.json")
    assert refused.value.code == "settings-unreadable"


@given(st.binary(max_size=300))
def test_no_content_stops_a_start(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.json"
        path.write_bytes(content)
        assert load_settings(path).settings is not None


# ------------------------------------------------------------------------------------------------ odd together

TIMES = st.times().map(lambda time: f"{time:%H:%M}")


@given(opens=TIMES, closes=TIMES, daily=TIMES)
def test_a_daily_read_is_warned_of_exactly_when_the_office_is_closed_then(opens: str, closes: str, daily: str) -> None:
    """The settings and the orchestrator mean the same by office hours, also over midnight and at the edges."""
    chosen = Settings().with_(
        {
            "sync.office_from": opens,
            "sync.office_to": closes,
            "sync.office_days": "1234567",
            "sync.daily_time": daily,
            "sync.timezone": "UTC",
        }
    )
    office = OfficeHours(time.fromisoformat(opens), time.fromisoformat(closes), frozenset(range(7)))
    open_then = is_open(datetime.combine(date(2026, 3, 4), time.fromisoformat(daily), UTC), office, "UTC")
    assert [(w.key, w.code) for w in schedule_warnings(chosen)] == (
        [] if open_then else [("sync.daily_time", "setting-daily-closed")]
    )


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({}, []),
        ({"sync.daily_time": "20:30"}, ["setting-daily-closed"]),
        ({"sync.daily_time": "20:30", "sync.daily": False}, []),
        ({"sync.daily_time": "20:30", "sync.office_hours": False}, []),
        ({"sync.office_days": ""}, ["setting-never-open"]),
        ({"sync.office_days": "", "sync.office_hours": False}, []),
    ],
)
def test_what_settings_mean_together_is_warned_of_in_both_languages(
    changes: dict[str, object], warned: list[str]
) -> None:
    found = schedule_warnings(Settings().with_(changes))
    assert [warning.code for warning in found] == warned
    for warning in found:
        for language in LANGUAGES:
            said = text(warning.code, language, warning.params)
            assert said.what
            assert said.todo
            assert "{" not in str(said)
