"""Chooses the preset filter of a list and uses the toolbar's search, by clicks as a person does (``docs/erp.md``,
Presets)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.driver.page_driver import Look, Target
from archisync_gui.erp.failures import Navigated, layout, refused, transient
from archisync_gui.erp.lists.filters import State, combo_of, find_option, find_preset, plain_preset
from archisync_gui.erp.lists.list_page import ListPage

FILL_PATIENCE = 1.0
"""Seconds for the rows of a list to get their texts after it was opened. If they do not, another preset is chosen
first."""

CLICK_PATIENCE = 1.5
"""Seconds for a click to start a callback. A click on the option that is chosen already starts none."""


class Presets:
    """The toolbar of one list view."""

    def __init__(self, view: ListPage) -> None:
        self._view = view
        self.proof: str | None = None
        """How the last choice was confirmed: ``noted`` by the page's handler, or ``loaded`` again; ``None``: no preset
        was chosen."""

    async def prepare(self) -> None:
        """Choose the wanted preset, if it is not chosen. Some lists come with empty cells until a preset is chosen:
        then another one is chosen first, and the wanted one after it."""
        view, wish = self._view, self._view.entity.filter
        if wish is None:
            return
        combos = view.state["filters"]["combos"]
        combo, value = find_preset(wish, combos)
        if combo_of(combos, combo)["value"] == value:
            if not wish.detour or await self._filled():
                return
            await self.choose(combo, find_option(wish.detour, combos, combo))
            combo, value = find_preset(wish, (await view.look())["filters"]["combos"])
        await self.choose(combo, value)

    async def _filled(self) -> bool:
        view = self._view
        found = await view.driver.look(Look.EMPTY_ROWS, list(view.fields), FILL_PATIENCE)
        return bool(found["rows"] and found["painted"])

    async def restore(self, preset: str | None) -> None:
        """Choose the user's own preset again."""
        wish, combos = self._view.entity.filter, self._view.state["filters"]["combos"]
        if wish is None or preset is None:
            return
        combo, _ = find_preset(wish, combos)
        shown = combo_of(combos, combo)
        for value, _ in shown["items"]:
            if plain_preset(value) == plain_preset(preset) and value != shown["value"]:
                await self.choose(combo, value)
                return

    async def choose(self, combo: str, value: str) -> None:
        """Open the list of options and click one. The choice counts as made if the page's own handler has stored it and
        the callback has ended, or if the page shows it after it was loaded again; else raises ``filter-preset``."""
        view = self._view
        opened = await view.driver.look(Look.OPEN_COMBO, combo, value, view.limits.dialog)
        if not opened["id"]:
            folded = opened["why"] == "not-rendered"
            raise layout("toolbar-folded" if folded else "preset-missing", list=view.entity.name, wanted=value)
        target = Target.PRESET_OPTION
        loaded, combos = await self._click(
            lambda: view.driver.click(target, opened["id"], view.limits.dialog), "filter"
        )
        if not loaded:
            now = combo_of(combos, combo)
            if now["value"] == value and now["noted"] is not None and now["noted"] == now["at"]:
                self.proof = "noted"
                return
            combos = (await view.load_again())["filters"]["combos"]
        self.proof = "loaded"
        shown = combo_of(combos, combo)
        if shown["value"] != value:
            texts = dict(shown["items"])
            found = f"{texts.get(shown['value'], shown['value'])} ≠ {texts.get(value, value)}"
            raise refused("filter-preset", list=view.entity.name, found=found)

    async def search(self, text: str) -> None:
        """Search with the toolbar's search box. The answer does not redraw the box, so the box may be empty although
        the server still filters by its text. So the page is loaded again; raises ``filter-search`` if it shows another
        text then."""
        view = self._view
        box = await view.driver.look(Look.SEARCH_BOX)
        if not box["button"]:
            raise layout("filter-search", list=view.entity.name, found=text)
        await view.driver.type_search(box["input"], text)
        target = Target.SEARCH_BUTTON
        loaded, _ = await self._click(lambda: view.driver.click(target, box["button"], view.limits.dialog), "search")
        if not loaded:
            await view.load_again()
        held = str(view.state["filters"]["bar"])
        if held != text:
            raise refused("filter-search", list=view.entity.name, found=held or text)

    async def _click(self, click: Callable[[], Awaitable[None]], step: str) -> tuple[bool, list[dict[str, Any]]]:
        """Click, and wait for the end of the callback that the click starts, if any; the callback may replace the grid.

        Returns whether the page was loaded again, and its combo boxes.
        """
        view = self._view
        view.begin()
        try:
            await view.driver.look(Look.ARM, view.limits.callback)
            await click()
            answer = await view.driver.look(Look.ARMED, view.limits.callback, CLICK_PATIENCE)
        except Navigated:
            await view.ready()
            return True, (await view.look())["filters"]["combos"]
        how = str(answer["how"])
        if how.startswith("error"):
            raise transient("erp-callback-error", step=step, error=how[7:300])
        if how == "slow" or not answer["quiet"]:
            raise transient("erp-slow-callback" if how == "slow" else "erp-never-idle", step=step)
        await view.ready()
        return False, answer["combos"]


def presets_of_a_read(entity: Entity, state: State) -> set[str]:
    """The presets that a read chooses, and so may have left behind if it was killed."""
    wish = entity.filter
    if wish is None:
        return set()
    combos = state["filters"]["combos"]
    combo, wanted = find_preset(wish, combos)
    return {wanted, *(str(value) for value, text in combo_of(combos, combo)["items"] if text.strip() in wish.detour)}
