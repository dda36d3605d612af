"""The table of the demo ERP's faults: what goes wrong on purpose. The board that switches them is in ``switches``."""

from __future__ import annotations

from collections.abc import Mapping

from archisync_gui.demo_erp.switches import Switch, parse_switch

Fault = Switch

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
        "late-paint",
        "Le celle si riempiono molto dopo",
        "The cells are filled much later",
        {"seconds": "2", "column": ""},
        "seconds",
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
    Fault("login-refused", "L'accesso è rifiutato", "The login is refused", {"how": ""}, "user"),
    Fault(
        "login-fails",
        "L'accesso non riesce per un errore della pagina",
        "The login fails with a page error",
        {"how": "stay"},
        "user",
    ),
    Fault(
        "error-page",
        "L'elenco porta alla pagina d'errore",
        "The list leads to the error page (or, with to, to another page)",
        {"to": "Error.aspx"},
        "list",
    ),
    Fault("slow", "L'ERP è lento", "The ERP is slow", {"factor": "5"}, "factor"),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _TABLE}
"""Every fault switch by name, in the order of the menu."""


def parse_fault(text: str) -> tuple[str, dict[str, str]]:
    """``NAME``, ``NAME=VALUE`` (its main parameter) or ``NAME=key:value,key:value``. ValueError if it is none."""
    return parse_switch(FAULTS, "fault", text)
