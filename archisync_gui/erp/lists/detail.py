"""How a field of a list is named on the detail page of a record; no page."""

from __future__ import annotations


def detail_names(field: str) -> tuple[str, ...]:
    """The notations that a field's id may have there, the likelier one first (``docs/erp.md``, Detail pages).

    ``LOGISTICSADDRESSZIPCODE.ZIPCODE`` -> ``LOGISTICSADDRESSZIPCODE_ZIPCODE``, ``LOGISTICSADDRESSZIPCODE``.
    """
    if "." not in field:
        return (field,)
    return field.replace(".", "_"), field.partition(".")[0]
