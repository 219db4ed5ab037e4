"""Sets of partial derivatives that travel through a network together, and the tables of Leibniz' rule for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import comb, prod

Orders = tuple[int, ...]
Term = tuple[float, int, int]
"""(factor, place of one channel, place of another)."""


@dataclass(frozen=True)
class Channels:
    """Multi-indices closed downwards, the value itself first, then by total order.

    For y = f(s) with f' = g(y), Leibniz' rule gives every derivative of y from the channels of g(y) and of s:
    d^a y = d^(a-e) (g ds^e), e a unit vector. So no table of Faà di Bruno is needed, and the way back is as short:
    d(d^a y)/d(d^b s) = binom(a, b) d^(a-b) g.
    """

    orders: tuple[Orders, ...]

    @classmethod
    def of(cls, wanted: Iterable[Orders], dimension: int) -> Channels:
        """The smallest closed set that holds the wanted derivatives and the value."""
        found = {(0,) * dimension}
        for one in wanted:
            found |= set(product(*(range(order + 1) for order in one)))
        return cls(tuple(sorted(found, key=lambda one: (sum(one), one))))

    def __len__(self) -> int:
        return len(self.orders)

    @cached_property
    def places(self) -> dict[Orders, int]:
        return {one: place for place, one in enumerate(self.orders)}

    @cached_property
    def rise(self) -> tuple[tuple[Term, ...], ...]:
        """For each channel a of y: (factor, channel of g, channel of s), the term with g itself left out."""
        return tuple(self._rise(one) for one in self.orders)

    @cached_property
    def square(self) -> tuple[tuple[Term, ...], ...]:
        """For each channel of y²: (factor, channel of y, channel of y), equal pairs taken together."""
        return tuple(self._square(one) for one in self.orders)

    @cached_property
    def fall(self) -> tuple[tuple[Term, ...], ...]:
        """For each channel b of s: (binomial, channel of g, channel a of y) over all a above b, a = b left out."""
        found = []
        for low in self.orders:
            above = [one for one in self.orders if one != low and _minus(one, low) is not None]
            found.append(tuple((_binomial(one, low), self.places[_less(one, low)], self.places[one]) for one in above))
        return tuple(found)

    @cached_property
    def inner(self) -> tuple[bool, ...]:
        """Whether the way forth needs that channel of g; the way back needs all."""
        used = {place for terms in self.rise for _, place, _ in terms}
        return tuple(place in used for place in range(len(self)))

    def _rise(self, one: Orders) -> tuple[Term, ...]:
        if not any(one):
            return ()
        axis = next(place for place, order in enumerate(one) if order)
        rest = tuple(order - (place == axis) for place, order in enumerate(one))
        return tuple(
            (_binomial(rest, part), self.places[part], self.places[_less(one, part)])
            for part in self.orders
            if any(part) and _minus(rest, part) is not None
        )

    def _square(self, one: Orders) -> tuple[Term, ...]:
        found: dict[tuple[int, int], float] = {}
        for part in self.orders:
            if (other := _minus(one, part)) is not None:
                first, second = sorted((self.places[part], self.places[other]))
                found[first, second] = found.get((first, second), 0.0) + _binomial(one, part)
        return tuple((factor, first, second) for (first, second), factor in found.items())


def _minus(one: Orders, other: Orders) -> Orders | None:
    rest = tuple(a - b for a, b in zip(one, other, strict=True))
    return rest if min(rest, default=0) >= 0 else None


def _less(one: Orders, other: Orders) -> Orders:
    return tuple(a - b for a, b in zip(one, other, strict=True))


def _binomial(one: Orders, other: Orders) -> float:
    return float(prod(comb(a, b) for a, b in zip(one, other, strict=True)))
