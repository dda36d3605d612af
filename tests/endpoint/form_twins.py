"""A step more for the agent of ``form_walk``: one draft is saved in two tabs while the panel is away."""

from __future__ import annotations

from dataclasses import replace

from tests.endpoint.form_walk import Seen, Walk, stored


class Twins(Walk):
    """An agent who now and then has a draft open in two tabs."""

    async def twice(self, at: int, other_closed: bool, answer: str) -> None:
        """Save a draft in this tab and in another one while the panel is away. The first save has to be stored, and the
        agent has to be offered the second one, whose conflict gets this ``answer``: ``copy`` or ``mine``."""
        known = sorted(self.saved.keys() - self.aside.keys() - {self.id})
        if not known:
            return
        id_ = known[at % len(known)]
        await self._stored(id_)
        first = replace(self.saved[id_].opened(), note=f"prima {self.saved[id_].note}"[:40])
        second = replace(first, note=f"seconda {self.saved[id_].note}"[:40])
        self._leave()
        other = Twins(self.rig, await self.page.context.new_page(), self.first_port)
        await other.open(await self.ask("get"))
        for tab in (self, other):
            await tab._go(f"draft={id_}", id_)
        for tab in (self, other):
            await tab.ask("away", True)
        await self._save_note(id_, first)
        await other._save_note(id_, second)
        self.saved[id_] = first
        if other_closed:
            await other.page.close()
        else:
            await other.ask("away", False)
        await self.ask("away", False)
        await self._first_stored(id_)
        if not other_closed:
            await other.page.close()
        await self._second_taken(id_, second, answer)

    async def _save_note(self, id_: str, seen: Seen) -> None:
        """Write the note into the draft that is shown, and save it: the panel, which is away, does not take it."""
        await self.type(seen.note, "#note")
        await self.blur()
        await self.page.keyboard.press("Control+Enter")
        await self.ask("other", id_)
        await self.ask("kept")  # a save that is under way when the panel is back may be stored before an earlier one

    async def _first_stored(self, id_: str) -> None:
        """What waits is sent: of two saves of one draft the first one is stored, and the second waits."""
        await self._stored(id_)
        draft = await self.rig.office.drafts.get("agente1", id_)
        assert draft is not None
        assert stored(draft.document) == self.saved[id_].stored()

    async def _second_taken(self, id_: str, seen: Seen, answer: str) -> None:
        """Open the second save from the list of what is unsent, and answer."""
        names = await self.ask("unsent", id_, seen.note)
        assert len(names) == 1, "the second save is gone"
        self.fresh(Seen())
        await self.ask("go", f"draft={id_}&kept={names[0]}")
        await self.ask("conflict")
        await self.click(f"#conflict-{answer}")
        self.fresh(seen, touched=True)
