"""Settings are checked against their declaration, kept whole or not at all, and never lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archisync_gui.entities import ENTITIES
from archisync_gui.messages import codes
from archisync_gui.settings import DECLARATIONS, Settings, SettingsError


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
    assert dict(Settings.load(path)) == dict(changed)
    assert changed.words("erp.accounts") == ("a", "b")
    assert set(json.loads(path.read_text())["settings"]) == {"sync.orders.interval", "erp.accounts", "look.language"}


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert dict(Settings.load(tmp_path / "none.json")) == dict(Settings())


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("sync.orders.interval", 4, "setting-range"),
        ("sync.orders.interval", 1441, "setting-range"),
        ("sync.orders.interval", True, "setting-type"),
        ("sync.orders.interval", "10", "setting-type"),
        ("sync.daily_time", "24:00", "setting-time"),
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


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "settings-damaged"),
        ("[]", "settings-damaged"),
        ('{"version": 2, "settings": {}}', "settings-newer"),
        ('{"version": 1, "settings": {"look.theme": "blue"}}', "setting-choice"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_and_left_alone(content: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    with pytest.raises(SettingsError) as refused:
        Settings.load(path)
    assert refused.value.code == code
    assert path.read_text() == content


def test_a_key_this_version_no_longer_knows_is_backed_up(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"version": 1, "settings": {"gone.setting": 1, "look.theme": "dark"}}')
    assert Settings.load(path).text("look.theme") == "dark"
    assert "gone.setting" in (tmp_path / "settings.v1.bak").read_text()
