"""What kind of problem it is, as far as plans and thoughts turn on it: order, linearity, size, sharpness."""

from __future__ import annotations

from dataclasses import dataclass

_LONG = 20.0  # times the fastest rate of change of an ordinary system, beyond which a span counts as long
_SHARP = 0.02  # smallest factor of a highest derivative, against the others, that counts as a boundary or inner layer


@dataclass(frozen=True)
class Traits:
    """`orders` by coordinate, `linear` in the fields, `small` the smallest constant factor of a highest derivative."""

    coordinates: tuple[str, ...]
    fields: tuple[str, ...]
    orders: dict[str, int]
    linear: bool
    small: float | None
    length: float  # of the time span, 0 without time

    @property
    def timed(self) -> bool:
        return "t" in self.coordinates

    @property
    def space(self) -> tuple[str, ...]:
        return tuple(letter for letter in self.coordinates if letter != "t")

    @property
    def ordinary(self) -> bool:
        return len(self.coordinates) == 1

    @property
    def sharp(self) -> bool:
        """A small factor before the highest derivative of a nonlinear equation: steep fronts are likely."""
        return not self.linear and not self.ordinary and self.small is not None and self.small <= _SHARP

    @property
    def long(self) -> bool:
        """Heuristic: an ordinary system over many times 1; whether that is many periods is not looked at."""
        return self.ordinary and self.length > _LONG

    @property
    def words(self) -> str:
        """ "a nonlinear partial differential equation of order 2 in x, 1 in t"."""
        kind = "ordinary" if self.ordinary else "partial"
        lines = "linear" if self.linear else "nonlinear"
        many = f"a system of {len(self.fields)} {lines} {kind} differential equations"
        one = f"a {lines} {kind} differential equation"
        orders = ", ".join(f"{order} in {letter}" for letter, order in self.orders.items() if order)
        return f"{many if len(self.fields) > 1 else one} of order {orders}"
