"""Named switches that change how the demo ERP behaves, and the board that says which are on. No effect lives here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: its name, what it does in Italian and English, and its parameters with their default values.

    Every switch also takes ``list`` (only that list view), ``user`` (only that account) and ``times`` (how often it
    acts before it goes off by itself). A switch with ``main`` accepts a bare value for that parameter.
    """

    name: str
    it: str
    en: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    main: str = ""


_Target = tuple[str, str, str]
"""A switch's name, the only list and the only account that it concerns; empty: all."""


@dataclass(slots=True)
class _Active:
    arguments: dict[str, str]
    left: int | None


class SwitchBoard:
    """Which switches of one table are on, each once for every list and account it was set for (or for all).

    Thread-safe. ``on_change`` is called with the switch's name after each change, in the caller's thread. ``kind`` is
    the word for a switch in error texts.
    """

    def __init__(
        self, table: Mapping[str, Switch], kind: str, on_change: Callable[[str], None] = lambda _name: None
    ) -> None:
        self._table = table
        self._kind = kind
        self._lock = threading.Lock()
        self._active: dict[_Target, _Active] = {}
        self._struck: dict[str, int] = {}
        self._on_change = on_change

    def set(self, name: str, arguments: Mapping[str, object] | None = None) -> None:
        """Switch one on. KeyError: there is no such switch; ValueError: no such parameter or a bad number."""
        switch = self._table[name]
        given = {key: str(value) for key, value in (arguments or {}).items()}
        allowed = {"list", "user", "times", *switch.parameters}
        if unknown := set(given) - allowed:
            raise ValueError(f"{self._kind} {name} has no parameter {sorted(unknown)} (has: {sorted(allowed)})")
        merged = {**switch.parameters, **given}
        left = int(merged["times"]) if merged.get("times") else None
        with self._lock:
            target = name, merged.get("list", ""), merged.get("user", "")
            self._active.pop(target, None)
            self._active[target] = _Active(merged, left)
        self._on_change(name)

    def clear(self, *names: str) -> None:
        """Switch these off, or all."""
        with self._lock:
            gone = names or tuple(dict.fromkeys(name for name, _, _ in self._active))
            self._active = {target: entry for target, entry in self._active.items() if target[0] not in gone}
        for name in gone:
            self._on_change(name)

    def active(self) -> dict[str, list[dict[str, str]]]:
        """The switches that are on, with their arguments for each list or account they were set for."""
        found: dict[str, list[dict[str, str]]] = {}
        with self._lock:
            for (name, _, _), entry in self._active.items():
                found.setdefault(name, []).append(dict(entry.arguments))
        return found

    def hit(self, name: str, *, list_name: str = "", user: str = "") -> dict[str, str] | None:
        """The arguments of that switch if it is on for this list and account, else None. Of several settings the
        latest counts. Does not use up ``times``."""
        with self._lock:
            target = self._concerning(name, list_name, user)
            return None if target is None else dict(self._active[target].arguments)

    def strike(self, name: str, *, list_name: str = "", user: str = "") -> dict[str, str] | None:
        """As ``hit``, but counts: a switch with ``times`` goes off after that many."""
        with self._lock:
            target = self._concerning(name, list_name, user)
            if target is None:
                return None
            entry = self._active[target]
            self._struck[name] = self._struck.get(name, 0) + 1
            if entry.left is not None:
                entry.left -= 1
                if entry.left <= 0:
                    del self._active[target]
            return dict(entry.arguments)

    def _concerning(self, name: str, list_name: str, user: str) -> _Target | None:
        for target in reversed(self._active):
            switch, only_list, only_user = target
            if switch == name and only_list in ("", list_name) and only_user in ("", user):
                return target
        return None

    def struck(self, name: str) -> int:
        """How often ``strike`` found that switch on."""
        with self._lock:
            return self._struck.get(name, 0)


def parse_switch(table: Mapping[str, Switch], kind: str, text: str) -> tuple[str, dict[str, str]]:
    """``NAME``, ``NAME=VALUE`` (its main parameter) or ``NAME=key:value,key:value``. ValueError if it is none."""
    name, _, rest = text.partition("=")
    switch = table.get(name)
    if switch is None:
        raise ValueError(f"no such {kind}: {name!r} (there are: {', '.join(table)})")
    if not rest:
        return name, {}
    if ":" not in rest:
        if not switch.main:
            raise ValueError(f"{kind} {name} takes no value")
        return name, {switch.main: rest}
    arguments: dict[str, str] = {}
    for part in rest.split(","):
        key, colon, value = part.partition(":")
        if not colon:
            raise ValueError(f"not key:value: {part!r} in {text!r}")
        arguments[key.strip()] = value.strip()
    return name, arguments
