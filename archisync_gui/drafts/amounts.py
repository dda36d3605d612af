"""The amounts of a draft's document: line amounts after discounts, VAT by rate, totals; in integers.

``resources/web/order-form/money.js`` calculates the same for the form; both are tested with the documents in
``tests/web/documents.json`` and against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ASSUMED_VAT = 2200
"""The rate for articles whose tax group is not known, in hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class VatLine:
    """VAT of one rate. Money in cents, the rate in hundredths of a percent."""

    rate: int
    net: int
    vat: int
    assumed: int
    """The part of ``net`` whose rate is not known."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a document in cents."""

    net: int
    vat: tuple[VatLine, ...]
    total: int
    unpriced: int
    """Number of lines without a price, which are not in the sums."""


def divide(numerator: int, denominator: int) -> int:
    """The nearest integer to a quotient, halves away from zero."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    numerator, denominator = abs(numerator), abs(denominator)
    return sign * ((2 * numerator + denominator) // (2 * denominator))


def line_amount(line: Mapping[str, Any]) -> int | None:
    """Cents of a line after its discounts, rounded once at the end; zero for free goods, ``None`` without a price."""
    if line.get("free"):
        return 0
    price = line.get("unitPrice")
    if price is None:
        return None
    numerator, denominator = line["quantity"] * price, line.get("priceUnit") or 1000
    for discount in line.get("discounts") or ():
        numerator *= 10_000 - discount
        denominator *= 10_000
    return divide(numerator, denominator)


def totals(lines: Sequence[Mapping[str, Any]]) -> Totals:
    """The sums of a document's lines. VAT is calculated for each rate on the sum of its lines, as printed on the
    order."""
    nets: dict[int, int] = {}
    assumed = 0
    unpriced = 0
    for line in lines:
        amount = line_amount(line)
        if amount is None:
            unpriced += 1
        elif not line.get("free"):
            known = line.get("vatPercent")
            rate = ASSUMED_VAT if known is None else known
            nets[rate] = nets.get(rate, 0) + amount
            assumed += amount if known is None else 0
    vat = tuple(
        VatLine(rate, nets[rate], divide(nets[rate] * rate, 10_000), assumed if rate == ASSUMED_VAT else 0)
        for rate in sorted(nets, reverse=True)
    )
    net = sum(nets.values())
    return Totals(net, vat, net + sum(line.vat for line in vat), unpriced)
