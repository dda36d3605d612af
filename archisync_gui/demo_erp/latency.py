"""How long the demo ERP takes for each kind of request; nothing here sleeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """A model of the ERP's slowness; ``factor`` 0 is none, 1 is as measured at the real one. All times in seconds.

    Measured (docs/erp.md, Waiting): a page turn of 20 rows about 0.5; a page turn of 200 rows and the values of its
    rows together at most 2.9; one GetRowValues about 0.5; a search about 3; a detail page 1.4; a login 3 to 5. An
    image column adds half a second a row to the values.
    """

    factor: float = 0.0

    PAGE = 1.2
    DETAIL = 1.4
    LOGIN = 4.0
    CALLBACK = 0.3
    ROW = 0.0075
    SEARCH = 3.0
    ROW_VALUES = 0.5
    PAGE_VALUES = 0.3
    PAGE_VALUES_ROW = 0.004
    IMAGE = 0.5
    PAINT = 0.15

    @classmethod
    def parse(cls, text: str | float) -> Latency:
        """``none``, ``real`` or a factor (0 or more). ValueError otherwise."""
        if text == "none":
            return cls(0.0)
        if text == "real":
            return cls(1.0)
        try:
            factor = float(text)
        except ValueError:
            factor = -1.0
        if not 0 <= factor < 1_000:
            raise ValueError(f"not a latency: {text!r} (use none, real or a factor such as 0.1)")
        return cls(factor)

    def page(self) -> float:
        """One page load."""
        return self.PAGE * self.factor

    def detail(self) -> float:
        """One detail page."""
        return self.DETAIL * self.factor

    def login(self) -> float:
        """One login."""
        return self.LOGIN * self.factor

    def callback(self, rows: int) -> float:
        """One callback that sends ``rows`` rows."""
        return (self.CALLBACK + self.ROW * rows) * self.factor

    def search(self, rows: int) -> float:
        """One use of the search box."""
        return max(self.SEARCH * self.factor, self.callback(rows))

    def row_values(self) -> float:
        """One GetRowValues."""
        return self.ROW_VALUES * self.factor

    def page_values(self, rows: int, images: int) -> float:
        """One GetPageRowValues of ``rows`` rows with ``images`` image columns."""
        return (self.PAGE_VALUES + (self.PAGE_VALUES_ROW + self.IMAGE * images) * rows) * self.factor

    def paint(self) -> float:
        """From the end of a callback to the moment at which the cells show their text."""
        return 0.005 + self.PAINT * self.factor
