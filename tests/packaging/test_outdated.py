"""The weekly look at the programs that no lock names."""

from __future__ import annotations

from typing import Any

import outdated
import pytest
import release

LISTS: dict[str, list[dict[str, Any]]] = {
    "python": [
        {"cycle": "3.14", "latest": "3.14.2", "eol": "2030-10-31"},
        {"cycle": "3.13", "latest": "3.13.10", "eol": "2029-10-31"},
        {"cycle": "3.1", "latest": "3.1.5", "eol": "2012-04-09"},
    ],
    "nodejs": [{"cycle": "24", "latest": "24.3.0", "eol": False}, {"cycle": "18", "latest": "18.20.8", "eol": True}],
    "qt": [{"cycle": "6.11", "latest": "6.11.3", "eol": "2027-03-01"}],
}


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("Python", "3.13.2", ["3.13.10 is out"]),  # as numbers: 10 is more than 2
        ("Python", "3.13.10", []),
        ("Python", "3.1.5", ["the series has ended"]),
        ("Node.js", "24.3.0", []),
        ("Node.js", "18.20.7", ["18.20.8 is out", "the series has ended"]),
        ("Qt", "6.11.3", []),
        ("Qt", "6.11.2", ["6.11.3 is out"]),
    ],
)
def test_a_newer_patch_release_or_the_end_of_a_series_is_named(name: str, version: str, said: list[str]) -> None:
    lines = outdated.behind([(name, version, "somewhere")], LISTS.__getitem__, "2026-11-30")
    assert lines == [f"{name} {version}, somewhere: {words}" for words in said]


def test_a_list_without_the_series_proves_nothing() -> None:
    with pytest.raises(ValueError, match="no series"):
        outdated.behind([("Qt", "7.0.0", "somewhere")], LISTS.__getitem__, "2026-11-30")


def test_each_program_inside_is_looked_at() -> None:
    assert {name for name, _, _ in release.inside()} == set(outdated.PRODUCTS)


@pytest.mark.parametrize(("lists", "code"), [(LISTS, 1), ({}, 69)])
def test_the_exit_code_makes_the_weekly_run_red(
    lists: dict[str, Any], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(outdated, "inside", lambda: [("Python", "3.13.2", "in the Windows installer")])
    monkeypatch.setattr(outdated, "_fetched", lists.__getitem__)
    assert outdated.main() == code
    said = capsys.readouterr()
    assert "3.13.10 is out" in said.out or "cannot be read" in said.err
