"""An order form opened from a bookmark waits for one click: shown at once, as plain text, with one notification."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from panel_fakes import NOW, MakePanel, World
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from archisync_gui.endpoint.paired_pages import Access, PairingStore
from archisync_gui.endpoint.pairing import WINDOW, Pairing
from archisync_gui.settings import Settings
from archisync_gui.ui.system.message import Message
from archisync_gui.ui.system.notify import FIRST_PAUSE, Policy

pytestmark = pytest.mark.qasync

ORIGIN = "http://127.0.0.1:47801"
LOUD = {"notify.quiet_from": "00:00", "notify.quiet_to": "00:00"}


class Endpoint:
    """An endpoint with the real pairing and nothing else."""

    url = ORIGIN

    def __init__(self, folder: Path, world: World) -> None:
        self.pairing = Pairing(PairingStore(folder / "pages.json", clock=world.clock), clock=world.clock)

    def ask(self, name: str = "Ordini", *, own: bool = True) -> str:
        return self.pairing.ask(ORIGIN if own else "https://shop.example.test", name, [Access.SESSIONS], own=own)[0]


class Shown:
    """Records the notifications."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def show(self, message: Message) -> None:
        self.messages.append(message)

    async def close(self) -> None:
        """Nothing is open."""


async def test_one_click_pairs_the_form(make_panel: MakePanel, world: World, tmp_path: Path) -> None:
    endpoint = Endpoint(tmp_path, world)
    panel = await make_panel("it", endpoint=endpoint)
    request = panel.window.form_request
    assert not request.isVisible()
    secret = endpoint.ask("<b>Ordini</b>")
    assert request.isVisible()
    assert request.text.startswith("«<b>Ordini</b>» aspetta il consenso.")
    assert all(part.textFormat() is Qt.TextFormat.PlainText for part in request.findChildren(QLabel))
    assert (request.allow.text(), request.reject.text()) == ("Consenti", "Ri&fiuta")
    request.allow.click()
    assert not request.isVisible()
    assert endpoint.pairing.collect(secret, ORIGIN).state == "confirmed"
    assert panel.window.notice.text == "Il modulo ordini è collegato."


async def test_a_form_that_was_waiting_before_the_panel_is_shown_and_can_be_refused(
    make_panel: MakePanel, world: World, tmp_path: Path
) -> None:
    endpoint = Endpoint(tmp_path, world)
    secret = endpoint.ask()
    panel = await make_panel(endpoint=endpoint)
    assert panel.window.form_request.isVisible()
    panel.window.form_request.reject.click()
    assert not panel.window.form_request.isVisible()
    assert endpoint.pairing.collect(secret, ORIGIN).state == "refused"


async def test_a_request_disappears_when_it_expires(make_panel: MakePanel, world: World, tmp_path: Path) -> None:
    endpoint = Endpoint(tmp_path, world)
    panel = await make_panel(endpoint=endpoint)
    endpoint.ask()
    world.clock.at += timedelta(seconds=WINDOW + 1)
    panel.window.form_request.allow.click()
    assert "order form is connected" not in panel.window.notice.text
    assert not panel.window.form_request.isVisible()
    endpoint.ask()
    assert panel.window.form_request.isVisible()
    world.clock.at += timedelta(seconds=WINDOW + 1)
    panel.context.bridge.tick.emit()
    assert not panel.window.form_request.isVisible()


async def test_other_pages_still_need_their_digits(make_panel: MakePanel, world: World, tmp_path: Path) -> None:
    endpoint = Endpoint(tmp_path, world)
    panel = await make_panel(endpoint=endpoint)
    endpoint.pairing.begin()
    endpoint.ask(own=False)
    assert not panel.window.form_request.isVisible()


async def test_there_is_a_notification(make_panel: MakePanel, world: World, tmp_path: Path) -> None:
    world.settings = world.settings.with_(LOUD)
    endpoint = Endpoint(tmp_path, world)
    panel = await make_panel(endpoint=endpoint)
    shown = Shown()
    panel.notifications.means = shown
    endpoint.ask()
    endpoint.ask()
    await panel.context.background.run(_nothing())
    assert [m.title for m in shown.messages] == ["An order form waits for your consent"]


async def _nothing() -> None:
    """Ends after tasks that were started before it."""


def test_it_is_notified_once_while_it_waits_and_never_in_quiet_hours() -> None:
    policy, loud = Policy(), Settings(LOUD)
    assert len(policy.of_requests(1, NOW, loud)) == 1
    assert policy.of_requests(2, NOW + timedelta(seconds=30), loud) == []
    assert len(policy.of_requests(1, NOW + FIRST_PAUSE, loud)) == 1
    assert policy.of_requests(0, NOW + FIRST_PAUSE, loud) == []
    assert len(policy.of_requests(1, NOW + FIRST_PAUSE, loud)) == 1
    night = NOW.replace(hour=23)
    assert Policy().of_requests(1, night, Settings()) == []


async def test_of_two_forms_at_once_the_one_with_the_typed_digits_is_paired(
    make_panel: MakePanel, world: World, tmp_path: Path
) -> None:
    endpoint = Endpoint(tmp_path, world)
    panel = await make_panel(endpoint=endpoint)
    request = panel.window.form_request
    form = endpoint.ask()
    assert not request.digits.isVisible()
    program = endpoint.ask()
    assert request.digits.isVisible()
    assert request.text.startswith("Several order forms ask at once")
    request.allow.click()
    assert request.isVisible(), "a click without digits has paired a form"
    assert not endpoint.pairing.store.ids()
    digits = endpoint.pairing.collect(form, ORIGIN).digits
    assert digits is not None
    request.digits.setText(digits)
    request.allow.click()
    assert not request.isVisible()
    assert endpoint.pairing.collect(form, ORIGIN).state == "confirmed"
    assert endpoint.pairing.collect(program, ORIGIN).state == "refused"


async def test_rejecting_rejects_all_requests_that_look_alike(
    make_panel: MakePanel, world: World, tmp_path: Path
) -> None:
    endpoint = Endpoint(tmp_path, world)
    panel = await make_panel(endpoint=endpoint)
    secrets = [endpoint.ask(), endpoint.ask()]
    panel.window.form_request.reject.click()
    assert not panel.window.form_request.isVisible()
    assert {endpoint.pairing.collect(secret, ORIGIN).state for secret in secrets} == {"refused"}


async def test_a_click_does_not_accept_when_a_second_request_has_arrived(
    make_panel: MakePanel, world: World, tmp_path: Path
) -> None:
    endpoint = Endpoint(tmp_path, world)
    panel = await make_panel(endpoint=endpoint)
    request = panel.window.form_request
    endpoint.ask()
    endpoint.pairing._listeners.clear()  # the panel does not know of the second one at the click
    endpoint.ask()
    request.allow.click()
    assert not endpoint.pairing.store.ids()
    assert request.digits.isVisible()
