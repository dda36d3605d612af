"""How the fields of a list are named on the detail page of a record; no page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence


def detail_names(fields: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """By field: the notations that its id may have there, the likelier one first (``docs/erp.md``, Detail pages).

    ``LOGISTICSADDRESSZIPCODE.ZIPCODE`` -> ``LOGISTICSADDRESSZIPCODE_ZIPCODE``, ``LOGISTICSADDRESSZIPCODE``. The name
    without the sub-path is not used where two fields would have it: it cannot be told which of them the page shows.
    """
    fields = tuple(dict.fromkeys(fields))
    bases = Counter(field.partition(".")[0] for field in fields)
    return {field: _names(field, bases) for field in fields}


def _names(field: str, bases: Mapping[str, int]) -> tuple[str, ...]:
    base, dot, _ = field.partition(".")
    if not dot:
        return (field,)
    path = field.replace(".", "_")
    return (path, base) if bases[base] == 1 else (path,)
