"""The documentation: both languages, commands that exist, links that lead somewhere, nothing from outside."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
import venv
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import release

from archisync_gui.app import exit_codes, quitting
from archisync_gui.app.arguments import build_parser
from archisync_gui.cli import main
from archisync_gui.drafts.drafts import PAST_KEPT
from archisync_gui.endpoint.pairing import WINDOW
from archisync_gui.settings import DECLARATIONS
from archisync_gui.store.backups import KEPT
from archisync_gui.store.maintenance import CHANGES_KEPT, RUNS_KEPT, SCREENSHOTS_KEPT

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "manual"
PAGES = sorted(MANUAL.rglob("*.md"))
READMES = [ROOT / "README.md", ROOT / "packaging" / "README.md"]


OF_OTHER_PROGRAMS = {
    *("Allow", "Consenti"),  # Chrome's
    "SQL Shell (psql)",
    "archisync",  # the name of the entries in the keyring
}


IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


def commands(text: str) -> list[str]:
    """The calls of our program in a page: in blocks and in the line."""
    inline = re.findall(r"`(archisync-gui(?: [^`]*)?)`", text)
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [c.replace("[", "").replace("]", "") for c in inline] + [c for c in lines if c.startswith("archisync-gui")]


def test_operators_have_each_page_in_both_languages() -> None:
    english = {p.name for p in (MANUAL / "en").glob("*.md")}
    assert english == {p.name for p in (MANUAL / "it").glob("*.md")}
    assert len(english) >= 8
    for name in english:
        shapes = []
        for language in ("en", "it"):
            text = (MANUAL / language / name).read_text("utf-8")
            shapes.append((text.count("\n## "), text.count("\n|"), commands(text)))
        assert shapes[0] == shapes[1], name


def test_each_picture_is_shown_in_both_languages_and_says_what_it_is() -> None:
    """They are pictures of the tests: `tests/ui/test_screenshots.py` compares them."""
    shown = []
    for language in ("en", "it"):
        folder = MANUAL / language
        images = [one for page in sorted(folder.glob("*.md")) for one in IMAGE.findall(page.read_text("utf-8"))]
        assert all(len(alternative) > 15 for alternative, _ in images)
        shown.append({file for _, file in images})
        assert shown[-1] == {file.relative_to(folder).as_posix() for file in folder.glob("pictures/*")}
    assert shown[0] == shown[1]
    assert len(shown[0]) >= 7


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_first_page_leads_to_each_other_one(language: str) -> None:
    folder = MANUAL / language
    links = set(re.findall(r"\]\((\w[\w-]*\.md)\)", (folder / "index.md").read_text("utf-8")))
    assert links == {page.name for page in folder.glob("*.md")} - {"index.md"}


@pytest.mark.parametrize("page", [*PAGES, *READMES], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_tells_to_type_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    for command in commands(text):
        words = shlex.split(command)[1:]
        if "|" not in command and "--help" not in words:
            build_parser().parse_args(words)
    for script in re.findall(r"(?:packaging|archisync_gui|tests|docs|resources)/[\w/.-]+\.\w+", text):
        if "NAME" not in script:
            assert (ROOT / script).exists(), script
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("language", ["en", "it"])
def test_what_is_to_be_pressed_is_on_the_panel_under_that_name(language: str) -> None:
    """``*Settings → Data and backups*``: each part is a text of the panel in the page's language, and so is every name
    in italics, but for those of other programs."""
    known = {declared.it if language == "it" else declared.en for declared in DECLARATIONS}
    for message in ET.parse(ROOT / "resources" / "translations" / "archisync_it.ts").getroot().iter("message"):
        known.add(message.findtext("source" if language == "en" else "translation") or "")
    for file in (ROOT / "resources" / "messages").glob("*.toml"):
        known |= {entry[language][0] for entry in tomllib.loads(file.read_text("utf-8")).values()}
    known = {text.replace("&", "").rstrip("…") for text in known}
    known |= {text.partition(" · ")[0] for text in known}  # *Late · since 9:12*
    known |= OF_OTHER_PROGRAMS
    for page in sorted((MANUAL / language).glob("*.md")):
        text = page.read_text("utf-8").replace("**", "")
        named = [name.rstrip("…") for name in re.findall(r"\*([^*\n]+)\*", text) if "→" not in name]
        assert page.name != "screens.md" or len(named) >= 25
        assert [name for name in named if name not in known] == [], page.name
    known |= {"Apps", "App"}  # of Windows' own settings
    found = [
        part.strip().rstrip("…")
        for page in (MANUAL / language).glob("*.md")
        for path in re.findall(r"\*([^*\n]+ →[^*]+)\*", page.read_text("utf-8").replace("\n", " "))
        if not path.startswith(("More info", "Ulteriori informazioni"))
        for part in re.sub(r"\s+", " ", path).split("→")
    ]
    assert len(found) >= 8
    assert [part for part in found if part not in known] == []


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_manual_names_the_debian_packages_that_are_built(language: str) -> None:
    page = (MANUAL / language / "install.md").read_text("utf-8")
    assert tuple(re.findall(r"_python([\d.]+)_amd64\.deb` \|", page)) == release.PYTHONS
    assert "\n## Debian\n" in page  # and no other system, for which none is built


def test_how_long_things_are_kept_is_what_the_program_does() -> None:
    english, italian = ((MANUAL / language / "personal-data.md").read_text("utf-8") for language in ("en", "it"))
    assert (CHANGES_KEPT.days, RUNS_KEPT.days) == (2 * 365, 365)
    assert "change log: two years; history of reads: one year" in english
    assert "registro: due anni; cronologia degli aggiornamenti: un anno" in italian
    assert f"| {SCREENSHOTS_KEPT.days} days |" in english
    assert f"| {SCREENSHOTS_KEPT.days} giorni |" in italian
    assert KEPT == 10
    assert "the newest ten" in english
    assert "le dieci più recenti" in italian
    assert f"last {PAST_KEPT:,} orders" in english
    assert f"ultimi {PAST_KEPT:,}".replace(",", ".") in italian
    assert WINDOW == 120
    assert "within two minutes" in (MANUAL / "en" / "order-form.md").read_text("utf-8")


@pytest.mark.parametrize(("language", "limit"), [("en", "three minutes"), ("it", "tre minuti")])
def test_how_long_an_installer_waits_for_a_read_is_what_the_program_does(language: str, limit: str) -> None:
    assert quitting.FINISH == 180
    for page in ("install.md", "trouble.md"):
        assert limit in (MANUAL / language / page).read_text("utf-8")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only: XDG_DATA_HOME moves the profiles")
@pytest.mark.parametrize(
    "command",
    sorted(
        {
            command
            for page in [*PAGES, *READMES]
            for command in commands(page.read_text("utf-8"))
            if re.match(r"archisync-gui (?:status|explain|hold|release|retry|quit|doctor$)", command)
        }
    ),
)
def test_a_command_that_only_looks_or_switches_runs(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On an empty profile of the demo. The main job runs in `test_wheel.py`, `data` in `tests/app/test_data_care.py`,
    `office` in `test_manual_commands.py`."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    code = main([*shlex.split(command.replace("ACCOUNT", "agente01"))[1:], "--demo"])
    said = capsys.readouterr()
    # `doctor` may find something missing here, as it should.
    assert code in ((exit_codes.OK, exit_codes.UNAVAILABLE) if "doctor" in command else (exit_codes.OK,)), said.err


@pytest.mark.nightly
def test_it_builds_strictly_and_needs_nothing_from_outside(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    lock = ROOT / "packaging" / "locked" / "docs.txt"
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", lock], check=True)
    command = [python, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        text = page.read_text("utf-8")
        assert not re.search(r"<(?:link|script|img|iframe)\b[^>]*(?:src|href)=\"?(?:https?:)?//", text), page
