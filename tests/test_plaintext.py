"""What a console's or pipe's code page lacks is still readable."""

from __future__ import annotations

import io
import tomllib

import pytest

from archisync_gui.app.doctor import MARKS
from archisync_gui.messages import resources
from archisync_gui.plaintext import LIKE, SIMILAR


def printed(text: str, code_page: str) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, code_page, errors=SIMILAR)
    stream.write(text)
    stream.flush()
    return raw.getvalue().decode(code_page)


@pytest.mark.parametrize("code_page", ["cp850", "cp1252", "ascii"])
def test_our_own_signs_are_replaced_by_similar_ones(code_page: str) -> None:
    said = printed(f"{MARKS['ok']} pronto → fine… −3 “così” 5 €", code_page)
    assert "\\u" not in said
    assert said.startswith("+ pronto -> fine")


def test_letters_of_names_are_written_by_their_number() -> None:
    assert printed("Nicolò 李…李", "cp850") == "Nicolò \\u674e...\\u674e"
    assert printed("\udcff", "utf-8") == "\\udcff"


@pytest.mark.parametrize("code_page", ["cp850", "cp1252"])
def test_no_text_of_the_command_line_has_another_sign_that_an_italian_windows_lacks(code_page: str) -> None:
    texts = [
        sentence
        for name in ("app.toml", "store.toml", "erp.toml", "orchestrator.toml", "conditions.toml", "office.toml")
        for entry in tomllib.loads((resources() / "messages" / name).read_text("utf-8")).values()
        for sentences in entry.values()
        for sentence in sentences
    ]
    missing = set("".join((*texts, *MARKS.values()))) - set(LIKE)
    assert not {sign for sign in missing if sign not in printed(sign, code_page)}
