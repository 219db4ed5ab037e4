"""Units as powers of the seven SI base units ("m^2/s", "W/(m*K)", "1"); their sizes (km, m) do not matter here.

The twin of the first half of `skills/runtime/dimensions.py`: the same grammar on the host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.core.errors import IllPosed

BASES = ("kg", "m", "s", "A", "K", "mol", "cd")
# What each named unit is made of: exponents of kg, m, s, A, K, mol, cd.
UNITS: dict[str, tuple[int, ...]] = {
    "g": (1,), "t": (1,), "m": (0, 1), "s": (0, 0, 1), "min": (0, 0, 1), "h": (0, 0, 1), "d": (0, 0, 1),
    "day": (0, 0, 1), "yr": (0, 0, 1), "A": (0, 0, 0, 1), "K": (0, 0, 0, 0, 1), "degC": (0, 0, 0, 0, 1),
    "°C": (0, 0, 0, 0, 1), "C": (0, 0, 1, 1), "mol": (0, 0, 0, 0, 0, 1), "cd": (0, 0, 0, 0, 0, 0, 1),
    "Hz": (0, 0, -1), "N": (1, 1, -2), "Pa": (1, -1, -2), "bar": (1, -1, -2), "J": (1, 2, -2), "eV": (1, 2, -2),
    "W": (1, 2, -3), "V": (1, 2, -3, -1), "F": (-1, -2, 4, 2), "ohm": (1, 2, -3, -2), "Ω": (1, 2, -3, -2),
    "S": (-1, -2, 3, 2), "Wb": (1, 2, -2, -1), "T": (1, 0, -2, -1), "H": (1, 2, -2, -2), "L": (0, 3), "l": (0, 3),
    "P": (1, -1, -1), "rad": (), "deg": (), "°": (), "1": (), "-": (), "%": (),
}  # fmt: skip
PREFIXES = ("da", *"yzafpnumµcdhkMGTPEZY")
_TOKEN = re.compile(r"\s*(\*\*|[A-Za-zµΩ°%]+|[0-9]+(?:\.[0-9]+)?|[-+*/·^()⋅])")


_REMEDY = 'Write units as "m^2/s", "W/(m*K)", "1/s", or "1" for a plain number.'


@dataclass(frozen=True)
class Dimension:
    """Exponents of the base units, in the order of `BASES`."""

    powers: tuple[Fraction, ...] = (Fraction(0),) * len(BASES)

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a + b for a, b in zip(self.powers, other.powers, strict=True)))

    def __pow__(self, exponent: Fraction | int) -> Dimension:
        return Dimension(tuple(a * exponent for a in self.powers))

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    @property
    def plain(self) -> bool:
        return not any(self.powers)

    def __str__(self) -> str:
        parts = [
            f"{name}^{power}" if power != 1 else name for name, power in zip(BASES, self.powers, strict=True) if power
        ]
        return " ".join(parts) or "1"


PLAIN = Dimension()


def dimension(text: str) -> Dimension:
    """The dimension of a unit such as "m^2/s", "W/(m K)", "1/s" or "km h^-1"; "" is 1.

    Read from left to right, so "W/m K" is (W/m) K; a space multiplies. Raises IllPosed.
    """
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise IllPosed(f"the unit {text!r} cannot be read from {text[at:]!r} on", remedy=_REMEDY)
        tokens.append(found.group(1))
        at = found.end()
    made, left = _product(tokens, text)
    if left:
        raise IllPosed(f"the unit {text!r} has a {left[0]!r} too many", remedy=_REMEDY)
    return made


def _product(tokens: list[str], text: str) -> tuple[Dimension, list[str]]:
    found, left, sign = PLAIN, tokens, 1
    while left and left[0] != ")":
        if left[0] in ("*", "·", "⋅", "/"):
            sign, left = (-1 if left[0] == "/" else 1), left[1:]
        one, left = _factor(left, text)
        found, sign = found * one**sign, 1
    return found, left


def _factor(tokens: list[str], text: str) -> tuple[Dimension, list[str]]:
    if not tokens or tokens[0] in ("*", "·", "⋅", "/", "^", "**", ")", "+"):
        raise IllPosed(
            f"the unit {text!r} lacks a unit {f'before {tokens[0]!r}' if tokens else 'at its end'}", remedy=_REMEDY
        )
    if tokens[0] == "(":
        found, left = _product(tokens[1:], text)
        if not left:
            raise IllPosed(f"the unit {text!r} lacks a ')'", remedy=_REMEDY)
        left = left[1:]
    else:
        found, left = _unit(tokens[0], text), tokens[1:]
    if left and left[0] in ("^", "**"):
        left = left[1:]
    elif not left or not (left[0][0].isdigit() or (left[0] == "-" and left[1:] and left[1][0].isdigit())):
        return found, left
    power, left = _power(left, text)  # "m2" and "s-1" are powers too
    return found**power, left


def _power(tokens: list[str], text: str) -> tuple[Fraction, list[str]]:
    bracket = bool(tokens) and tokens[0] == "("
    left = tokens[1:] if bracket else tokens
    sign = -1 if left and left[0] == "-" else 1
    left = left[1:] if left and left[0] in "+-" else left
    if not left or not left[0][0].isdigit():
        raise IllPosed(f"the unit {text!r} has a power that is no number", remedy=_REMEDY)
    found, left = sign * Fraction(left[0]), left[1:]
    if bracket and left[:1] == ["/"] and len(left) > 1 and left[1].isdigit() and int(left[1]):
        found, left = found / int(left[1]), left[2:]
    if bracket:
        if left[:1] != [")"]:
            raise IllPosed(f"the unit {text!r} lacks a ')'", remedy=_REMEDY)
        left = left[1:]
    return found, left


def _unit(name: str, text: str) -> Dimension:
    if name[0].isdigit():
        return PLAIN  # a size, such as the 1 of 1/s or the 100 of 100 km
    if name in UNITS:
        return _made(UNITS[name])
    for prefix in PREFIXES:
        if name.startswith(prefix) and name[len(prefix) :] in UNITS and name[len(prefix) :].isalpha():
            return _made(UNITS[name[len(prefix) :]])
    raise IllPosed(f"the unit {text!r} holds {name!r}, which is not known", remedy=_REMEDY)


def _made(powers: tuple[int, ...]) -> Dimension:
    return Dimension(tuple(Fraction(power) for power in powers) + (Fraction(0),) * (len(BASES) - len(powers)))
