"""The table of the demo ERP's faults and the board that says which are on; no effect lives here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch: its name, what it does in both languages, and its parameters with their defaults.

    Every fault also takes ``list`` (only that list view), ``user`` (only that account) and ``times`` (how often it
    strikes before it heals by itself). A fault with ``main`` takes a bare value for that parameter.
    """

    name: str
    it: str
    en: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    main: str = ""


_TABLE = (
    Fault("session-expired-now", "La sessione è scaduta adesso", "The session has just expired", main="user"),
    Fault("unavailable-503", "Il server risponde 503", "The server answers 503", {"times": ""}, "times"),
    Fault(
        "hung-callback",
        "Una richiesta della griglia non risponde mai",
        "A grid callback never answers",
        {"times": "1"},
        "list",
    ),
    Fault(
        "callback-error",
        "Una richiesta della griglia finisce in errore",
        "A grid callback ends in an error",
        {"times": "1"},
        "list",
    ),
    Fault("connection-dropped", "La rete cade", "The network goes away", {"times": ""}, "times"),
    Fault("never-idle", "La pagina resta sempre in caricamento", "The page never becomes idle", {}, "list"),
    Fault(
        "stuck-preset",
        "Il filtro preimpostato resta su un altro valore",
        "The preset filter stays on another value",
        {"option": ""},
        "list",
    ),
    Fault(
        "stuck-filter-row",
        "La riga dei filtri non si svuota",
        "The filter row cannot be emptied",
        {"column": "", "text": "a"},
        "list",
    ),
    Fault("stuck-search", "La ricerca non si svuota", "The search box cannot be emptied", {"text": "a"}, "list"),
    Fault(
        "stuck-header-filter",
        "Il filtro d'intestazione non si toglie",
        "A header filter cannot be removed",
        {"column": ""},
        "list",
    ),
    Fault(
        "stuck-grouping", "Il raggruppamento non si toglie", "The grouping cannot be removed", {"column": ""}, "list"
    ),
    Fault(
        "truncated-list",
        "L'elenco è troncato, senza dirlo",
        "The list is cut short without a word",
        {"keep": "0.09"},
        "list",
    ),
    Fault("empty-cells", "Le celle restano vuote", "The cells stay empty", {"column": ""}, "list"),
    Fault(
        "late-paint", "Le celle si riempiono molto dopo", "The cells are filled much later", {"seconds": "2"}, "seconds"
    ),
    Fault("extra-menu-item", "Una voce in più nella barra dei comandi", "One more item in the toolbar", {}, "list"),
    Fault("moved-columns", "Le colonne sono in un altro ordine", "The columns stand in another order", {}, "list"),
    Fault("renamed-captions", "Le intestazioni hanno altri testi", "The captions have other texts", {}, "list"),
    Fault(
        "renamed-column",
        "Una colonna ha un altro nome interno",
        "A column has another field name",
        {"column": ""},
        "list",
    ),
    Fault("missing-column", "Manca una colonna", "A column is missing", {"column": ""}, "list"),
    Fault("new-column", "C'è una colonna nuova", "There is a new column", {}, "list"),
    Fault("new-system-column", "C'è una colonna di sistema in più", "There is one more system column", {}, "list"),
    Fault(
        "value-prefix",
        "I valori dei filtri hanno un altro prefisso",
        "The filter values have another prefix",
        {"prefix": "a2"},
        "prefix",
    ),
    Fault(
        "ids-changed", "Tutti gli ID interni sono cambiati", "All internal ids have changed", {"add": "300000"}, "list"
    ),
    Fault(
        "other-locale",
        "L'ERP parla un'altra lingua e formato",
        "The ERP speaks another language and format",
        {"locale": "en-US"},
        "locale",
    ),
    Fault("second-login-ends-first", "Un secondo accesso chiude il primo", "A second login ends the first session"),
    Fault(
        "second-list-ends-first",
        "Aprire un altro elenco interrompe il primo",
        "Opening a second list ends the first one's callbacks",
    ),
    Fault(
        "rows-move",
        "Righe nuove e cancellate mentre si sfoglia",
        "Rows are added and deleted while paging",
        {"insert": "1", "delete": "1"},
        "list",
    ),
    Fault("toolbar-folded", "La barra dei comandi è ripiegata", "The toolbar is folded"),
    Fault("other-certificate", "Il certificato è un altro", "The certificate is another one"),
    Fault("sort-ignored", "L'ordinamento non viene applicato", "Sorting does not take", {}, "list"),
    Fault("page-stuck", "La griglia non cambia pagina", "The grid does not change page", {}, "list"),
    Fault("page-size-ignored", "Il numero di righe per pagina non cambia", "The page size does not change", {}, "list"),
    Fault("getrowvalues-dead", "GetRowValues non risponde mai", "GetRowValues never answers", {}, "list"),
    Fault("login-refused", "L'accesso è rifiutato", "The login is refused", {}, "user"),
    Fault(
        "login-fails",
        "L'accesso non riesce per un errore della pagina",
        "The login fails with a page error",
        {"how": "stay"},
        "user",
    ),
    Fault("error-page", "L'elenco porta alla pagina d'errore", "The list leads to the error page", {}, "list"),
    Fault("slow", "L'ERP è lento", "The ERP is slow", {"factor": "5"}, "factor"),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _TABLE}
"""Every fault switch by name, in the order of the menu."""


_Target = tuple[str, str, str]
"""A fault's name, its only list and its only account; empty: all."""


@dataclass(slots=True)
class _Active:
    arguments: dict[str, str]
    left: int | None


class FaultBoard:
    """Which faults are on, each once for every list and account it was set for (or for all). Thread-safe; ``on_change``
    is called after each change, in the caller's thread."""

    def __init__(self, on_change: Callable[[str], None] = lambda name: None) -> None:
        self._lock = threading.Lock()
        self._active: dict[_Target, _Active] = {}
        self._struck: dict[str, int] = {}
        self._on_change = on_change

    def set(self, name: str, arguments: Mapping[str, object] | None = None) -> None:
        """Switch a fault on. KeyError: no such fault; ValueError: no such parameter or a bad number."""
        fault = FAULTS[name]
        given = {key: str(value) for key, value in (arguments or {}).items()}
        allowed = {"list", "user", "times", *fault.parameters}
        if unknown := set(given) - allowed:
            raise ValueError(f"fault {name} has no parameter {sorted(unknown)} (has: {sorted(allowed)})")
        merged = {**fault.parameters, **given}
        left = int(merged["times"]) if merged.get("times") else None
        with self._lock:
            target = name, merged.get("list", ""), merged.get("user", "")
            self._active.pop(target, None)
            self._active[target] = _Active(merged, left)
        self._on_change(name)

    def clear(self, *names: str) -> None:
        """Switch these faults off, or all."""
        with self._lock:
            gone = names or tuple(dict.fromkeys(name for name, _, _ in self._active))
            self._active = {target: entry for target, entry in self._active.items() if target[0] not in gone}
        for name in gone:
            self._on_change(name)

    def active(self) -> dict[str, list[dict[str, str]]]:
        """The faults that are on, with their arguments for each list or account they were set for."""
        found: dict[str, list[dict[str, str]]] = {}
        with self._lock:
            for (name, _, _), entry in self._active.items():
                found.setdefault(name, []).append(dict(entry.arguments))
        return found

    def hit(self, name: str, *, list_name: str = "", user: str = "") -> dict[str, str] | None:
        """The arguments of that fault if it is on and concerns this list and account, else None; of several those that
        were set last. Uses up no strike."""
        with self._lock:
            target = self._concerning(name, list_name, user)
            return None if target is None else dict(self._active[target].arguments)

    def strike(self, name: str, *, list_name: str = "", user: str = "") -> dict[str, str] | None:
        """As ``hit``, but counts one strike: a fault with ``times`` heals after that many."""
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
            fault, only_list, only_user = target
            if fault == name and only_list in ("", list_name) and only_user in ("", user):
                return target
        return None

    def struck(self, name: str) -> int:
        """How often that fault has struck so far (only faults that concern single requests count)."""
        with self._lock:
            return self._struck.get(name, 0)


def parse_fault(text: str) -> tuple[str, dict[str, str]]:
    """``NAME``, ``NAME=VALUE`` (its main parameter) or ``NAME=key:value,key:value``. ValueError if it is none."""
    name, _, rest = text.partition("=")
    fault = FAULTS.get(name)
    if fault is None:
        raise ValueError(f"no such fault: {name!r} (there are: {', '.join(FAULTS)})")
    if not rest:
        return name, {}
    if ":" not in rest:
        if not fault.main:
            raise ValueError(f"fault {name} takes no value")
        return name, {fault.main: rest}
    arguments: dict[str, str] = {}
    for part in rest.split(","):
        key, colon, value = part.partition(":")
        if not colon:
            raise ValueError(f"not key:value: {part!r} in {text!r}")
        arguments[key.strip()] = value.strip()
    return name, arguments
