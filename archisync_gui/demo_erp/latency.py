"""How long the demo ERP takes for each kind of request; nothing here sleeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """A model of the ERP's slowness; ``factor`` 0 is none, 1 is as measured at the real one. All times in seconds."""

    factor: float = 0.0

    PAGE = 1.2
    LOGIN = 4.0
    CALLBACK = 0.3
    ROW = 0.016
    SEARCH = 3.0
    ROW_VALUES = 20.0
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

    def login(self) -> float:
        """One login."""
        return self.LOGIN * self.factor

    def callback(self, rows: int) -> float:
        """One grid callback that sends ``rows`` rows."""
        return (self.CALLBACK + self.ROW * rows) * self.factor

    def search(self, rows: int) -> float:
        """One use of the search box."""
        return max(self.SEARCH * self.factor, self.callback(rows))

    def row_values(self, quick: bool) -> float:
        """One GetRowValues; ``quick`` on the lists where the ERP has the row at hand."""
        return (self.CALLBACK if quick else self.ROW_VALUES) * self.factor

    def paint(self) -> float:
        """From the end of a callback to the moment at which the cells show their text."""
        return 0.005 + self.PAINT * self.factor
