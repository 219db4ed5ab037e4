"""The names of a stated problem, and what a derivative's name stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestrator.core.errors import IllPosed, NotAvailable

HIGHEST_ORDER = 4
MOST_COORDINATES = 4
MOST_FIELDS = 8
LETTER = re.compile(r"[a-z]\Z")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,23}(_[0-9]{1,3})?\Z")
TIME = "t"


@dataclass(frozen=True)
class Vocabulary:
    """Coordinates (space first, `t` last), fields, and the names of numbers; `written` maps the user's spelling."""

    coordinates: tuple[str, ...]
    fields: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    written: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.coordinates, *self.fields, *self.numbers)

    def partial(self, name: str) -> tuple[str, tuple[int, ...]] | None:
        """(field, orders by coordinate) of `u`, `u_xt`, or `uxt` where that is no other name; None for any other.

        Raises NotAvailable above order 4.
        """
        if name in self.fields:
            return name, (0,) * len(self.coordinates)
        if name in self.names:
            return None
        for owner in sorted(self.fields, key=len, reverse=True):
            letters = name[len(owner) :].removeprefix("_") if name.startswith(owner) else ""
            if letters and not set(letters) - set(self.coordinates):
                if len(letters) > HIGHEST_ORDER:
                    raise NotAvailable(
                        f"{name!r} is a derivative of order {len(letters)}; at most {HIGHEST_ORDER} can be solved here",
                        remedy=f"Write it as a system: name a derivative as a field of its own, e.g. w = {owner}_"
                        f"{letters[:2]}.",
                    )
                return owner, tuple(letters.count(letter) for letter in self.coordinates)
        return None

    def derivative(self, name: str, letters: str) -> str | None:
        """The canonical name of a (derivative of a) field differentiated further; None for any other name."""
        found = self.partial(name)
        if found is None:
            return None
        orders = (order + letters.count(letter) for order, letter in zip(found[1], self.coordinates, strict=True))
        return self.spelled(found[0], tuple(orders))

    def spelled(self, owner: str, orders: tuple[int, ...]) -> str:
        letters = "".join(letter * order for letter, order in zip(self.coordinates, orders, strict=True))
        return f"{owner}_{letters}" if letters else owner

    def knows(self, name: str) -> bool:
        return name in self.names or name in self.written or self.partial(name) is not None

    def canonical(self, name: str) -> str:
        """The one spelling of a known name: `u_tx` is u_xt."""
        name = self.written.get(name, name)
        found = self.partial(name)
        return self.spelled(*found) if found else name


def check_names(vocabulary: Vocabulary) -> None:
    """Raise IllPosed for a name that is used twice, is taken by the language, or has a form that is not allowed."""
    taken = {"pi", "e", "sin", "cos", "tan", "exp", "log", "sqrt", "tanh", "sinh", "cosh", "abs"}
    names = vocabulary.names
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            raise IllPosed(f"the name {name!r} stands for two things", remedy="Give every quantity its own name.")
        if name in taken:
            raise IllPosed(f"the name {name!r} belongs to the language", remedy=f"Rename it, e.g. {name}_1.")
    for name in vocabulary.coordinates:
        if not LETTER.match(name):
            raise IllPosed(
                f"the coordinate {name!r} is not a single lower-case letter", remedy="Name it x, y, z or t, or r, s…"
            )
    for name in (*vocabulary.fields, *vocabulary.numbers):
        if not NAME.match(name):
            raise IllPosed(
                f"the name {name!r} cannot be used",
                remedy="Use letters and digits, beginning with a letter (at most 24).",
            )
        if name in vocabulary.numbers and vocabulary_reads(vocabulary, name):
            raise IllPosed(f"the name {name!r} reads as a derivative", remedy="Rename the parameter.")


def vocabulary_reads(vocabulary: Vocabulary, name: str) -> bool:
    """Whether a parameter's name would be a derivative with an underscore."""
    owner, mark, letters = name.rpartition("_")
    return bool(mark) and owner in vocabulary.fields and not set(letters) - set(vocabulary.coordinates)
