"""What the demo ERP holds: its invented world, users' views, what is switched on, what was done. No HTTP here."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from archisync_gui.demo_erp.clock import STOPPED_AT, DemoClock
from archisync_gui.demo_erp.columns import LISTS, ListView
from archisync_gui.demo_erp.faults import FAULTS, parse_fault
from archisync_gui.demo_erp.latency import Latency
from archisync_gui.demo_erp.recorder import Action, Recorder
from archisync_gui.demo_erp.saved_views import Preferences, PreferenceStore
from archisync_gui.demo_erp.structure import Structure
from archisync_gui.demo_erp.switches import SwitchBoard
from archisync_gui.demo_erp.variations import VARIATIONS, parse_variation
from archisync_gui.demo_erp.world import World


class HeldErp:
    """The demo ERP without its server. Every method may be called from any thread."""

    def __init__(
        self,
        *,
        seed: int,
        clock: DemoClock | None,
        latency: Latency | str | float,
        scale: float,
        structure: Structure | None,
        version: str,
        https: bool,
        late_paint: bool,
    ) -> None:
        self.clock = clock or DemoClock(STOPPED_AT)
        self.latency = latency if isinstance(latency, Latency) else Latency.parse(latency)
        self.https = https
        self.late_paint = late_paint
        self.accounts: Mapping[str, str] = MappingProxyType({"agente01": "demo", "agente02": "demo"})
        """User name to password. ``agente01`` has the full size, ``agente02`` a small part of it."""
        self.version = version
        self.lists: Mapping[str, ListView] = structure.shape(LISTS) if structure else LISTS
        """The list views as this demo ERP serves them, by name."""
        self.world = World(seed, scale)
        self.preferences = PreferenceStore(self.lists.__getitem__)
        self.recorder = Recorder()
        self.board = SwitchBoard(FAULTS, "fault", self._fault_changed)
        """The faults that are on."""
        self.variations = SwitchBoard(VARIATIONS, "variation", self._variation_changed)
        """The variations that are on."""
        self.control_token = secrets.token_urlsafe(24)
        self.base_url = ""
        """``http://127.0.0.1:PORT/Archibald`` once started."""
        self.certificate_fingerprint = ""
        """SHA-256 of the certificate now served, in hex; empty without HTTPS."""

    # --- what happened

    @property
    def actions(self) -> tuple[Action, ...]:
        """Everything anybody did so far, oldest first."""
        return self.recorder.actions

    def spent(self) -> float:
        """Seconds of the ERP's own time (its delays and its rendering) since the start or ``reset_counters``."""
        return self.recorder.spent()

    def reset_counters(self) -> None:
        """Forget the actions and the time spent."""
        self.recorder.reset()

    # --- the world

    def rows(self, list_name: str, user: str, at: datetime | None = None) -> list[dict[str, Any]]:
        """The truth: every record of that list as typed values, garbage rows included, whatever filters are set."""
        rows = self.world.rows(list_name, user, at or self.clock.now())
        fields = [column.field for column in LISTS[list_name].columns]
        return [{field: row.values.get(field) for field in fields} for row in rows.rows]

    def insert(self, list_name: str, user: str, **values: Any) -> str:
        """Somebody adds a record; returns its row key."""
        return self.world.insert(list_name, user, self.clock.now(), values)

    def delete(self, list_name: str, user: str, key: str) -> None:
        """Somebody deletes the record with that row key."""
        self.world.delete(list_name, user, key)

    def change(self, list_name: str, user: str, key: str, values: Mapping[str, Any]) -> None:
        """Somebody changes values of the record with that row key (by field name). KeyError if there is none."""
        self.world.change(list_name, user, self.clock.now(), key, values)

    def send_draft(self, user: str, key: str) -> str:
        """Somebody sends the draft order with that row key: it gets its number and a new CREATEDDATETIME, and keeps its
        ID. Returns the number. KeyError if there is no such order, ValueError if it is no draft."""
        return self.world.send_draft(user, self.clock.now(), key)

    def corrupt_customer(self, user: str) -> str:
        """The row key of the one customer whose detail page leads to the error page."""
        rows = self.world.rows("customers", user, self.clock.now()).rows
        return rows[min(13, len(rows) - 1)].key

    # --- the human's own browser

    def get_preferences(self, user: str, list_name: str) -> Preferences:
        """What the ERP remembers of that user's list view."""
        return self.preferences.get(user, list_name)

    def set_preferences(self, user: str, list_name: str, **changes: Any) -> Preferences:
        """Change what the ERP remembers, as the human would in another browser; names as in ``Preferences``.
        TypeError: there is no such name."""
        return self.preferences.update(user, list_name, changes)

    def view_record(self, user: str, list_name: str) -> str:
        """The server's own record of one user's view of a list, as canonical JSON: preset, row filters with values and
        operators, both searches, header filters, filter builder, grouping, sort, page size, page index and visible
        columns in order. Equal texts mean that nothing changed."""
        return self.preferences.record(user, list_name)

    def view_records(self) -> dict[str, str]:
        """``view_record`` of every account and list, by ``USER/LIST``."""
        return {f"{user}/{name}": self.view_record(user, name) for user in self.accounts for name in self.lists}

    # --- faults

    def fault(self, name: str, value: object = None, **arguments: object) -> None:
        """Switch a fault on: ``fault("truncated-list", list="products", keep=0.1)``, ``fault("slow", 3)`` or, as on the
        command line, ``fault("slow=3")``. KeyError or ValueError if there is no such fault or parameter."""
        base, parsed = parse_fault(name if value is None else f"{name}={value}")
        self.board.set(base, {**parsed, **arguments})

    def clear_faults(self, *names: str) -> None:
        """Switch these faults off, or all; hung requests go on then."""
        self.board.clear(*names)

    def vary(self, name: str, value: object = None, **arguments: object) -> None:
        """Switch a variation on, as ``fault`` does: ``vary("loads-empty")``, ``vary("sizes", "10,20,50")``. KeyError or
        ValueError if there is no such variation or parameter."""
        base, parsed = parse_variation(name if value is None else f"{name}={value}")
        self.variations.set(base, {**parsed, **arguments})

    def clear_variations(self, *names: str) -> None:
        """Switch these variations off, or all. What somebody left on in a saved view stays (see ``reset_views``)."""
        self.variations.clear(*names)

    def reset_views(self) -> None:
        """Give every user back every list view as shipped."""
        self.preferences.reset()

    @property
    def control_url(self) -> str:
        """Base of the control path for other processes: ``GET/POST/DELETE …/faults``, ``GET …/actions`` and so on."""
        return f"{self.base_url.removesuffix('/Archibald')}/_control/{self.control_token}"

    def _fault_changed(self, name: str) -> None:
        """A fault was switched on or off. In any thread."""

    def _variation_changed(self, name: str) -> None:
        """A variation was switched on or off. In any thread."""
